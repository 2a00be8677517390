import { AppError } from "@sluice/core/error";
import { parseJson } from "./parse-json.ts";

/** The loader input that takes a file, by extension; text files take the rest. */
const inputOf: Record<string, string> = {
  pdf: "pdfFile",
  json: "jsonFile",
  csv: "csvFile",
  xls: "csvFile",
  xlsx: "csvFile",
  jsonl: "jsonlinesFile",
  doc: "docxFile",
  docx: "docxFile",
  yaml: "yamlFile",
};

/** Each part costs much more memory than its bytes. */
const maxParts = 1000;

/** Fields that clients send as JSON text. */
const jsonFields = ["overrideConfig", "history", "humanInput", "vars", "form", "uploads"];

/** Parses a form; throws `invalid` for one that cannot be read or has too many parts. */
export async function parseForm(type: string, bytes: Uint8Array<ArrayBuffer>): Promise<FormData> {
  const boundary = /boundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary && holdsMoreThan(bytes, `--${boundary}`, maxParts))
    throw new AppError("invalid", `The form has more than ${maxParts} parts`);
  return new Response(bytes, { headers: { "content-type": type } })
    .formData()
    .catch((cause: unknown) => {
      throw new AppError("invalid", "The form cannot be read", { cause });
    });
}

function holdsMoreThan({ buffer, byteOffset, length }: Uint8Array, text: string, max: number) {
  const bytes = Buffer.from(buffer, byteOffset, length);
  let at = -1;
  for (let found = 0; found <= max + 1; found++) {
    at = bytes.indexOf(text, at + 1);
    if (at < 0) return false;
  }
  return true;
}

/**
 * Reads a form. With files, all of its fields are overrides, as in Flowise, and each file stands as a data
 * URI under the input of the loader that takes it.
 */
export async function parseMultipart(
  type: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Record<string, unknown>> {
  const form = await parseForm(type, bytes);
  const fields: Record<string, unknown> = {};
  const files: Record<string, string[]> = {};
  for (const [name, value] of form) {
    if (typeof value === "string") {
      fields[name] = jsonFields.includes(name) ? parsed(value) : value;
    } else {
      const input = fileInput(value.name);
      files[input] ??= [];
      files[input].push(await dataUri(value));
    }
  }
  if (Object.keys(files).length === 0) return fields;
  const { overrideConfig, ...others } = fields;
  const given = typeof overrideConfig === "object" && overrideConfig !== null ? overrideConfig : {};
  return { ...others, overrideConfig: { ...others, ...given, ...files } };
}

const fileInput = (name: string): string => {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return (Object.hasOwn(inputOf, extension) && inputOf[extension]) || "txtFile";
};

async function dataUri(file: File): Promise<string> {
  const data = Buffer.from(await file.arrayBuffer()).toString("base64");
  // The name ends the text: what would end a data URI must not stand in it.
  const name = file.name.replaceAll(/[,;/\\]/g, "_");
  return `data:${file.type || "application/octet-stream"};base64,${data},filename:${name}`;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
