import { defineFileLoader } from "../../chatflow/file-loader.ts";

/** Uploaded Word documents. */
export const docxFile = defineFileLoader({
  name: "docxFile",
  files: "docxFile",
  options: {},
  how: () => ({ format: "docx" }),
});
