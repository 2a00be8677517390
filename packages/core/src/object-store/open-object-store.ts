import { join, resolve } from "node:path";
import type { CommonSettings } from "../settings.ts";
import { openDiskObjectStore } from "./disk-object-store.ts";
import type { ObjectStore } from "./object-store.ts";

/** The store that the settings name; what speaks to S3 is loaded only for it. */
export async function openObjectStore(settings: CommonSettings): Promise<ObjectStore> {
  if (settings.STORAGE_TYPE === "local")
    return openDiskObjectStore(
      resolve(settings.BLOB_STORAGE_PATH ?? join(settings.SLUICE_HOME, "storage")),
    );
  const { S3_STORAGE_BUCKET_NAME: bucket } = settings;
  if (!bucket) throw new Error("S3_STORAGE_BUCKET_NAME=: expected a bucket, as STORAGE_TYPE is s3");
  const id = settings.S3_STORAGE_ACCESS_KEY_ID;
  const key = settings.S3_STORAGE_SECRET_ACCESS_KEY;
  const { openS3ObjectStore } = await import("./s3-object-store.ts");
  return openS3ObjectStore({
    bucket,
    region: settings.S3_STORAGE_REGION,
    endpoint: settings.S3_ENDPOINT_URL,
    forcePathStyle: settings.S3_FORCE_PATH_STYLE,
    credentials: id && key ? { accessKeyId: id, secretAccessKey: key } : undefined,
  });
}
