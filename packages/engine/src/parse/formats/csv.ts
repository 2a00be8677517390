import { parse } from "csv-parse/sync";
import type { Document } from "../../retrieval/document.ts";
import type { Budget } from "../budget.ts";
import { numbered, utf8 } from "./pieces.ts";

/** Rows of a CSV file as texts. */
export function readCsv(
  bytes: Uint8Array,
  { column }: { column: string },
  budget: Budget,
): Document[] {
  const text = utf8(bytes);
  if (text.startsWith("PK\u0003\u0004"))
    throw new Error("is an Excel workbook and not CSV: save it as CSV first");
  const rows = parseRows(text);
  const names = rows.shift() ?? [];
  const at = names.indexOf(column);
  if (column && at < 0)
    throw new Error(`has no column ${column}; its columns are ${names.slice(0, 50).join(", ")}`);
  const texts = rows.map((row) =>
    budget.take(
      column
        ? (row[at] ?? "")
        : names.map((name, i) => `${name.trim() || `_${i}`}: ${(row[i] ?? "").trim()}`).join("\n"),
    ),
  );
  return numbered(texts);
}

function parseRows(text: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, relax_column_count: true });
  } catch (cause) {
    throw new Error(`is not CSV that can be read: ${(cause as Error).message}`, { cause });
  }
}
