import { getDocumentProxy, getResolvedPDFJS } from "unpdf";
import type { Document } from "../../retrieval/document.ts";
import type { Budget } from "../budget.ts";
import { blob } from "./pieces.ts";

const maxAboutCharacters = 20_000;

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

/** The text of a PDF, page by page or in one. */
export async function readPdf(
  bytes: Uint8Array,
  { perFile }: { perFile: boolean },
  budget: Budget,
): Promise<Document[]> {
  const options = { isEvalSupported: false, verbosity: 0 };
  const pdf = await getDocumentProxy(new Uint8Array(bytes), options).catch((cause: Error) => {
    throw new Error(`is not a PDF that can be read: ${reasonOf(cause)}`, { cause });
  });
  const { maxPages } = budget.limits;
  if (pdf.numPages > maxPages)
    throw new Error(`has ${pdf.numPages} pages; ${maxPages} are the most that are read`);
  const about = await describe(pdf);
  const pages: { number: number; text: string }[] = [];
  for (let number = 1; number <= pdf.numPages; number++) {
    const text = await pageText(pdf, number).catch((cause: Error) => {
      throw new Error(`page ${number} cannot be read: ${cause.message}`, { cause });
    });
    if (text) pages.push({ number, text: budget.take(text) });
  }
  const metadata = { ...blob, pdf: about };
  if (!perFile)
    return pages.map(({ number, text }) => ({
      pageContent: text,
      metadata: { ...metadata, loc: { pageNumber: number } },
    }));
  if (pages.length === 0) return [];
  return [{ pageContent: pages.map(({ text }) => text).join("\n\n"), metadata }];
}

const reasonOf = ({ name, message }: Error): string =>
  name === "PasswordException" ? "it is protected by a password" : message;

async function describe(pdf: Pdf): Promise<Record<string, unknown>> {
  const { version } = await getResolvedPDFJS();
  const found = await pdf.getMetadata().catch(() => undefined);
  // Plain values only: this leaves the process.
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null)) as unknown;
  const metadata = plain(found?.metadata ? Object.fromEntries(found.metadata) : null);
  const info = plain(found?.info);
  // Every page carries it, and every piece of a page.
  const fits = JSON.stringify([info, metadata]).length <= maxAboutCharacters;
  const told = fits ? { info, metadata } : { info: null, metadata: null };
  return { version, ...told, totalPages: pdf.numPages };
}

/** A text that stands at another height is on another line. */
async function pageText(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  const { items } = await page.getTextContent();
  let height: number | undefined;
  let text = "";
  for (const item of items) {
    if (!("str" in item) || (item.str === "" && !item.hasEOL)) continue;
    const at = item.transform[5] as number;
    if (item.str !== "") {
      if (height !== undefined && at !== height && !text.endsWith("\n")) text += "\n";
      height = at;
    }
    text += item.str;
  }
  page.cleanup();
  return text.trim();
}
