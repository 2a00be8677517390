import { z } from "zod";
import { allow } from "../permission.ts";

export const base = "/api/v1/document-store";
export const may = (verb: string) => allow(`documentStores:${verb}`);

export const Document = z.object({
  pageContent: z.string(),
  metadata: z.record(z.string(), z.unknown()),
});
/** What was added to a vector store, taken out and left alone. */
export const Indexed = z.looseObject({
  numAdded: z.number(),
  numDeleted: z.number(),
  numUpdated: z.number(),
  numSkipped: z.number(),
  addedDocs: z.array(Document),
});
