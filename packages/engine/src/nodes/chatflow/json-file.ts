import { defineFileLoader } from "../../chatflow/file-loader.ts";
import { flag, text } from "../../input.ts";

/** Uploaded JSON files, a document for each string in them or for each object of a list. */
export const jsonFile = defineFileLoader({
  name: "jsonFile",
  files: "jsonFile",
  options: { pointersName: text, separateByObject: flag },
  how: ({ pointersName, separateByObject }, pointers) => ({
    format: "json",
    byObject: separateByObject,
    pointers: pointersName
      .split(",")
      .map((pointer) => pointer.trim())
      .filter(Boolean),
    metadata: separateByObject ? pointers : {},
  }),
});
