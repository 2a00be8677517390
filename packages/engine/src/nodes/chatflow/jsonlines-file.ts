import { defineFileLoader } from "../../chatflow/file-loader.ts";
import { text } from "../../input.ts";

/** Uploaded files with a JSON value on each line, a document for each line. */
export const jsonlinesFile = defineFileLoader({
  name: "jsonlinesFile",
  files: "jsonlinesFile",
  options: { pointerName: text },
  how: ({ pointerName }, metadata) => ({ format: "jsonl", pointer: pointerName, metadata }),
});
