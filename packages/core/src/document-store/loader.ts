import { documentLoaders, textSplitters } from "@sluice/engine/load-documents";
import { z } from "zod";
import { notFound } from "../error.ts";

const Config = z.record(z.string(), z.unknown());
const text = z.string().default("");

/** A file that a loader reads; its content is in the object store. */
export const LoaderFile = z.looseObject({
  id: z.string(),
  name: z.string(),
  mimePrefix: text,
  size: z.number().default(0),
  status: text,
  uploaded: text,
});
export type LoaderFile = z.infer<typeof LoaderFile>;

/** One source of documents in a store, in Flowise's words. */
export const Loader = z.looseObject({
  id: z.string(),
  loaderId: text,
  loaderName: text,
  loaderConfig: Config.default({}),
  splitterId: text,
  splitterName: text,
  splitterConfig: Config.default({}),
  totalChunks: z.number().default(0),
  totalChars: z.number().default(0),
  status: text,
  files: z.array(LoaderFile).optional(),
});
export type Loader = z.infer<typeof Loader>;

export const parseLoaders = (text: string): Loader[] => z.array(Loader).parse(JSON.parse(text));

export function loaderOf(loaders: Loader[], id: string): Loader {
  const loader = loaders.find((one) => one.id === id);
  if (!loader) throw notFound("Document store loader", id);
  return loader;
}

/** The components of a loader, as the engine builds them. */
export const componentsOf = (loader: Loader) => ({
  loader: {
    name: loader.loaderId,
    config: { credential: loader.credential, ...loader.loaderConfig },
  },
  splitter: loader.splitterId
    ? { name: loader.splitterId, config: loader.splitterConfig }
    : undefined,
});

export const loaderLabel = (name: string): string => documentLoaders[name]?.label ?? name;
export const splitterLabel = (name: string): string => textSplitters[name]?.label ?? name;
