export interface UploadedFile {
  name: string;
  mime: string;
  bytes: Buffer;
}

/** Reads a `file` input: data URIs with `,filename:<name>` at the end, one or a JSON list. */
export function uploadedFiles(value: unknown): UploadedFile[] {
  const texts = Array.isArray(value) ? value : parsedList(value);
  return texts.filter((text) => text !== "").map(readDataUri);
}

function parsedList(value: unknown): unknown[] {
  if (typeof value !== "string" || !value.trim()) return [];
  if (!value.trim().startsWith("[")) return [value];
  const list: unknown = JSON.parse(value);
  return Array.isArray(list) ? list : [];
}

function readDataUri(value: unknown): UploadedFile {
  const match = /^data:([^;,]*)(?:;[^,]*)?,([^,]*)(?:,filename:(.*))?$/s.exec(String(value));
  if (!match)
    throw new Error("A file of this flow is kept elsewhere and cannot be read: upload it again");
  return {
    name: match[3] ?? "file",
    mime: match[1] ?? "",
    bytes: Buffer.from(match[2] ?? "", "base64"),
  };
}
