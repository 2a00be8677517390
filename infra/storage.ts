import type { Stage } from "./stage.ts";

/** Where uploads and large requests are kept: every process reaches it. */
export function createStorage(stage: Stage) {
  const bucket = new sst.aws.Bucket("Storage", {
    versioning: stage.production,
    transform: {
      bucket: (args) => {
        args.forceDestroy = !stage.production;
      },
    },
  });
  return {
    bucket,
    environment: { STORAGE_TYPE: "s3", S3_STORAGE_BUCKET_NAME: bucket.name },
    permissions: [
      {
        actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        resources: [$interpolate`${bucket.arn}/*`],
      },
      { actions: ["s3:ListBucket"], resources: [bucket.arn] },
    ],
  };
}
export type Storage = ReturnType<typeof createStorage>;
