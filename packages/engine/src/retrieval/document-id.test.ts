import { expect, test } from "vitest";
import { documentId, nameId } from "./document-id.ts";

test("a name's id is the UUID of version 5 in LangChain's namespace", () => {
  expect(nameId("abc")).toBe("c48364c9-63e2-5d31-99ed-5fdc3de69fe4");
});

test("a document's id follows from its text and metadata, in whatever order they stand", () => {
  const tea = { pageContent: "tea", metadata: { source: "a", page: 1 } };
  const id = documentId(tea);
  expect(documentId({ pageContent: "tea", metadata: { page: 1, source: "a" } })).toBe(id);
  expect(documentId({ ...tea, pageContent: "coffee" })).not.toBe(id);
  expect(documentId({ ...tea, metadata: { source: "b", page: 1 } })).not.toBe(id);
});
