import { defineFileLoader } from "../../chatflow/file-loader.ts";
import { text } from "../../input.ts";

/** Uploaded PDF files, a document for each page or for each file. */
export const pdfFile = defineFileLoader({
  name: "pdfFile",
  files: "pdfFile",
  options: { usage: text },
  how: ({ usage }) => ({ format: "pdf", perFile: usage === "perFile" }),
});
