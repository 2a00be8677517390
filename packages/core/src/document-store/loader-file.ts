import { randomUUID } from "node:crypto";
import { documentLoaders } from "@sluice/engine/load-documents";
import { uploadedFiles } from "@sluice/engine/retrieval/uploaded-file";
import type { ObjectStore } from "../object-store/object-store.ts";
import { safeName } from "../object-store/upload.ts";
import type { Loader, LoaderFile } from "./loader.ts";

const stored = "FILE-STORAGE::";

const fileKey = (storeId: string, loaderId: string, name: string): string =>
  `document-store/${storeId}/${loaderId}/${safeName(name)}`;

/** Moves the files in a loader's config to the object store; the config keeps their names. */
export async function storeFiles(
  objects: ObjectStore,
  storeId: string,
  loader: Loader,
): Promise<Loader> {
  const input = fileInput(loader);
  const value = input && loader.loaderConfig[input];
  if (!input || !value || isStored(value)) return loader;
  const files: LoaderFile[] = [];
  for (const { name, mime, bytes } of uploadedFiles(value)) {
    await objects.put(fileKey(storeId, loader.id, name), bytes);
    files.push({
      id: randomUUID(),
      name: safeName(name),
      mimePrefix: mime,
      size: bytes.length,
      status: "NEW",
      uploaded: new Date().toISOString(),
    });
  }
  const names = stored + JSON.stringify(files.map(({ name }) => name));
  return { ...loader, loaderConfig: { ...loader.loaderConfig, [input]: names }, files };
}

/** The other way: a loader with the content of its files. */
export async function readFiles(
  objects: ObjectStore,
  storeId: string,
  loader: Loader,
): Promise<Loader> {
  const input = fileInput(loader);
  const value = input && loader.loaderConfig[input];
  if (!input || !isStored(value)) return loader;
  const uris = await Promise.all(
    (loader.files ?? []).map(async ({ name, mimePrefix }) =>
      dataUri({
        name,
        mime: mimePrefix,
        bytes: await objects.get(fileKey(storeId, loader.id, name)),
      }),
    ),
  );
  return { ...loader, loaderConfig: { ...loader.loaderConfig, [input]: JSON.stringify(uris) } };
}

export async function deleteFiles(
  objects: ObjectStore,
  storeId: string,
  { id, files = [] }: Loader,
): Promise<void> {
  for (const { name } of files) await objects.delete(fileKey(storeId, id, name));
}

/** A file as a loader's input takes it. */
export const dataUri = (file: { name: string; mime: string; bytes: Buffer }): string =>
  `data:${file.mime || "text/plain"};base64,${file.bytes.toString("base64")},filename:${file.name}`;

const fileInput = ({ loaderId }: Loader): string | undefined =>
  Object.hasOwn(documentLoaders, loaderId) ? documentLoaders[loaderId]?.files : undefined;

const isStored = (value: unknown): value is string =>
  typeof value === "string" && value.startsWith(stored);
