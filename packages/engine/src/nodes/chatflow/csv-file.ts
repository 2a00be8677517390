import { defineFileLoader } from "../../chatflow/file-loader.ts";
import { text } from "../../input.ts";

/** Uploaded CSV files, a document for each row. */
export const csvFile = defineFileLoader({
  name: "csvFile",
  files: "csvFile",
  options: { columnName: text },
  how: ({ columnName }) => ({ format: "csv", column: columnName.trim() }),
});
