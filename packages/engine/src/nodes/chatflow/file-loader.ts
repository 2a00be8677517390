import { z } from "zod";
import { type ChatNodeRun, defineChatNode } from "../../chatflow/chat-node.ts";
import { loaded, loaderInputs } from "../../chatflow/loader-inputs.ts";
import { text } from "../../input.ts";
import type { ParseOptions } from "../../parse/file-parser.ts";
import type { Document } from "../../retrieval/document.ts";
import { type UploadedFile, uploadedFiles } from "../../retrieval/uploaded-file.ts";

const formats: Record<string, ParseOptions["format"]> = {
  pdf: "pdf",
  docx: "docx",
  csv: "csv",
  json: "json",
  jsonl: "jsonl",
};
const mimes: Record<string, ParseOptions["format"]> = {
  "application/pdf": "pdf",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "text/csv": "csv",
  "application/json": "json",
  "application/jsonl": "jsonl",
};

const Inputs = z.looseObject({
  file: z.unknown().optional(),
  pdfUsage: text,
  jsonlPointerExtraction: text,
  ...loaderInputs,
});
type Inputs = z.output<typeof Inputs>;

/** Uploaded files of any kind, each read as its name says; what is no known format is text. */
export const fileLoader = defineChatNode({
  name: "fileLoader",
  inputs: Inputs,
  async init(inputs, context) {
    const documents: Document[] = [];
    for (const file of filesOf(inputs))
      for (const document of await read(file, inputs, context)) documents.push(document);
    return loaded(documents, inputs, context);
  },
});

/** Files of a request come under the inputs of the loaders for their kinds, and stand for the author's own. */
function filesOf(inputs: Inputs): UploadedFile[] {
  const given = Object.keys(inputs).filter((name) => /^[a-z]+File$/.test(name) && inputs[name]);
  return (given.length > 0 ? given : ["file"]).flatMap((name) => uploadedFiles(inputs[name]));
}

async function read(
  { name, mime, bytes }: UploadedFile,
  inputs: Inputs,
  { services: { parser, signal }, label }: ChatNodeRun,
): Promise<Document[]> {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const format = entryOf(formats, ending) ?? entryOf(mimes, mime);
  if (!format) return [asText(name, bytes)];
  if (!parser) throw new Error(`${label}: files cannot be read here`);
  const how = optionsOf(format, inputs);
  return (await parser.parse({ name, bytes, how }, signal)).documents;
}

function optionsOf(format: string, { pdfUsage, jsonlPointerExtraction }: Inputs): ParseOptions {
  switch (format) {
    case "pdf":
      return { format, perFile: pdfUsage === "perFile" };
    case "csv":
      return { format, column: "" };
    case "json":
      return { format, pointers: [], byObject: false, metadata: {} };
    case "jsonl":
      return { format, pointer: jsonlPointerExtraction, metadata: {} };
    default:
      return { format: "docx" };
  }
}

function asText(name: string, bytes: Buffer): Document {
  // Files of other formats are full of zeros; their text would be noise in every answer.
  if (bytes.subarray(0, 8192).includes(0))
    throw new Error(`${name}: files of this kind are not read`);
  return { pageContent: bytes.toString("utf8"), metadata: { source: "blob", blobType: "" } };
}

const entryOf = <T>(record: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;
