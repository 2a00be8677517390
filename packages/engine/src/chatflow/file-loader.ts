import { z } from "zod";
import type { ParseOptions } from "../parse/file-parser.ts";
import type { Document } from "../retrieval/document.ts";
import { uploadedFiles } from "../retrieval/uploaded-file.ts";
import { type ChatNode, defineChatNode } from "./chat-node.ts";
import { loaded, loaderInputs } from "./loader-inputs.ts";

/** Declares a loader of uploaded files, which stand as data URIs in the input `files`. */
export function defineFileLoader<O extends z.ZodRawShape>(loader: {
  name: string;
  files: string;
  options: O;
  /** Metadata that points into the file is looked up there, where the format has pointers. */
  how(options: z.output<z.ZodObject<O>>, pointers: Record<string, string>): ParseOptions;
}): ChatNode {
  const { name, files: input, options: shape, how } = loader;
  const options = z.object(shape);
  return defineChatNode({
    name,
    inputs: z.looseObject(loaderInputs),
    async init(inputs, context) {
      const { parser, signal } = context.services;
      if (!parser) throw new Error(`${context.label}: files cannot be read here`);
      const { pointers, fixed } = sorted(inputs.metadata);
      const format = how(options.parse(inputs), pointers);
      const documents: Document[] = [];
      for (const { name: fileName, bytes } of uploadedFiles(inputs[input])) {
        const parsed = await parser.parse({ name: fileName, bytes, how: format }, signal);
        for (const document of parsed.documents) documents.push(document);
      }
      const isLookedUp = "metadata" in format && format.metadata === pointers;
      const metadata = isLookedUp ? fixed : inputs.metadata;
      return loaded(documents, { ...inputs, metadata }, context);
    },
  });
}

function sorted(metadata: Record<string, unknown>) {
  const pointers: Record<string, string> = {};
  const fixed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(metadata))
    if (typeof value === "string" && value.startsWith("/")) pointers[name] = value;
    else fixed[name] = value;
  return { pointers, fixed };
}
