import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { AppError, notFound } from "../error.ts";
import type { ObjectStore } from "./object-store.ts";

export interface S3Options {
  bucket: string;
  region?: string | undefined;
  /** Another S3, such as MinIO. */
  endpoint?: string | undefined;
  forcePathStyle?: boolean;
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
}

/** Objects in a bucket; every process of a deployment reaches it. */
export function openS3ObjectStore(options: S3Options): ObjectStore {
  const { bucket, region, endpoint, forcePathStyle = false, credentials } = options;
  const client = new S3Client({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
    forcePathStyle,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3000, requestTimeout: 30_000 },
  });
  return {
    async put(key, bytes) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
    },
    async get(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      } catch (cause) {
        if (cause instanceof NoSuchKey) throw notFound("Object", key);
        throw cause;
      }
    },
    async delete(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    async deleteFolder(path) {
      if (path === "") throw new AppError("invalid", "No folder was named");
      const place = { Bucket: bucket, Prefix: `${path}/` };
      for (let next: string | undefined, isFirst = true; isFirst || next; isFirst = false) {
        // A page is as many as one call deletes.
        const list = new ListObjectsV2Command({
          ...place,
          ...(next && { ContinuationToken: next }),
        });
        const { Contents: found = [], NextContinuationToken } = await client.send(list);
        const Objects = found.map(({ Key }) => ({ Key }));
        if (Objects.length > 0)
          await client.send(
            new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
          );
        next = NextContinuationToken;
      }
    },
  };
}
