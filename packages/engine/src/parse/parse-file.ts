import { openBudget } from "./budget.ts";
import type { Parsed, ParseLimits, ParseOptions } from "./file-parser.ts";

/** Reads a file in this very process, which is to be one that may die of it. */
export async function parseFile(
  bytes: Uint8Array,
  how: ParseOptions,
  limits: ParseLimits,
): Promise<Parsed> {
  const budget = openBudget(limits);
  const documents = (found: Parsed["documents"]): Parsed => ({ documents: found, links: [] });
  switch (how.format) {
    case "pdf":
      return documents(await (await import("./formats/pdf.ts")).readPdf(bytes, how, budget));
    case "docx":
      return documents(await (await import("./formats/docx.ts")).readDocx(bytes, budget));
    case "csv":
      return documents((await import("./formats/csv.ts")).readCsv(bytes, how, budget));
    case "json":
      return documents((await import("./formats/json.ts")).readJson(bytes, how, budget));
    case "jsonl":
      return documents((await import("./formats/json.ts")).readJsonLines(bytes, how, budget));
    case "html":
      return (await import("./formats/html.ts")).readHtml(bytes, how, budget);
    case "sitemap":
      return (await import("./formats/html.ts")).readMap(bytes, how);
  }
}
