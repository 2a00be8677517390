import fc from "fast-check";

const endings = ["txt", "csv", "json", "jsonl", "pdf", "docx", "svg", "__proto__", ""];
const types = ["text/plain", "application/pdf", "application/json", "image/svg+xml", "x", ""];

export interface DrawnForm {
  files: { name: string; type: string; text: string }[];
  fields: [name: string, value: string][];
}

/** Forms as clients send them, and odd ones; the values of fields are those of a JSON body. */
export function formsOf(body: fc.Arbitrary<unknown>): fc.Arbitrary<DrawnForm> {
  const name = fc
    .tuple(fc.string({ unit: "grapheme", maxLength: 300 }), fc.constantFrom(...endings))
    .map(([stem, ending]) => (ending ? `${stem}.${ending}` : stem));
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.json({ maxDepth: 2 }));
  const file = fc.record({ name, type: fc.constantFrom(...types), text });
  return fc
    .record({ files: fc.array(file, { maxLength: 4 }), body })
    .map(({ files, body }) => ({ files, fields: fieldsOf(body) }));
}

function fieldsOf(body: unknown): [string, string][] {
  if (typeof body !== "object" || body === null) return [["overrideConfig", String(body)]];
  return Object.entries(body).map(([name, value]) => [
    name,
    typeof value === "string" ? value : (JSON.stringify(value) ?? ""),
  ]);
}

export function toFormData({ files, fields }: DrawnForm): FormData {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  for (const { name, type, text } of files) form.append("files", new File([text], name, { type }));
  return form;
}
