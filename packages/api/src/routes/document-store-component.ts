import { createRoute, z } from "@hono/zod-openapi";
import { documentLoaders, textSplitters } from "@sluice/engine/load-documents";
import { embeddingsNames } from "@sluice/engine/retrieval/embeddings/registry";
import { vectorStoreNames } from "@sluice/engine/retrieval/stores/registry";
import type { Deps } from "../deps.ts";
import { json, routes } from "../json.ts";
import { base, may } from "./document-store-parts.ts";

const Component = z.object({ name: z.string(), label: z.string(), category: z.string() });

const labelled = (known: Readonly<Record<string, { label: string }>>, category: string) =>
  Object.entries(known).map(([name, { label }]) => ({ name, label, category }));
const named = (names: readonly string[], category: string) =>
  names.map((name) => ({ name, label: name, category }));

const kinds = {
  loaders: () => labelled(documentLoaders, "Document Loaders"),
  textsplitters: () => labelled(textSplitters, "Text Splitters"),
  embeddings: () => named(embeddingsNames, "Embeddings"),
  vectorstore: () => named(vectorStoreNames, "Vector Stores"),
  recordmanager: () => named(["postgresRecordManager"], "Record Manager"),
};

const list = createRoute({
  method: "get",
  path: `${base}/components/{kind}`,
  summary: "List what document stores can be made of",
  middleware: [may("view")] as const,
  request: {
    params: z.object({
      kind: z.enum(Object.keys(kinds) as [keyof typeof kinds, ...(keyof typeof kinds)[]]),
    }),
  },
  responses: { 200: json(z.array(Component), "Components") },
});

/** The parts that a document store may name. */
export const documentStoreComponentRoutes = (deps: Deps) =>
  routes(deps, "document-store").openapi(list, (c) =>
    c.json(kinds[c.req.valid("param").kind](), 200),
  );
