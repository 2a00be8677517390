import type { ChatNodeRun } from "./chatflow/chat-node.ts";
import { type Component, Config, type KnowledgeServices } from "./knowledge.ts";
import { loadChatNode } from "./nodes/chatflow-registry.ts";
import type { Document } from "./retrieval/document.ts";

/** Flowise's names of the loaders that a document store may use, with the input that takes files. */
export const documentLoaders: Readonly<Record<string, { label: string; files?: string }>> = {
  cheerioWebScraper: { label: "Cheerio Web Scraper" },
  csvFile: { label: "Csv File", files: "csvFile" },
  docxFile: { label: "Docx File", files: "docxFile" },
  fileLoader: { label: "File Loader", files: "file" },
  github: { label: "Github" },
  jsonFile: { label: "Json File", files: "jsonFile" },
  jsonlinesFile: { label: "Json Lines File", files: "jsonlinesFile" },
  pdfFile: { label: "Pdf File", files: "pdfFile" },
  plainText: { label: "Plain Text" },
  textFile: { label: "Text File", files: "txtFile" },
};

/** The same of text splitters. */
export const textSplitters: Readonly<Record<string, { label: string }>> = {
  characterTextSplitter: { label: "Character Text Splitter" },
  codeTextSplitter: { label: "Code Text Splitter" },
  htmlToMarkdownTextSplitter: { label: "HtmlToMarkdown Text Splitter" },
  markdownTextSplitter: { label: "Markdown Text Splitter" },
  recursiveCharacterTextSplitter: { label: "Recursive Character Text Splitter" },
  tokenTextSplitter: { label: "Token Text Splitter" },
};

/** Loads documents outside of any flow, cut into pieces where a splitter is given. */
export async function loadDocuments(
  { loader, splitter }: { loader: Component; splitter: Component | undefined },
  services: KnowledgeServices & { signal: AbortSignal },
): Promise<Document[]> {
  const textSplitter =
    splitter && (await build(splitter, textSplitters, "text splitter", services));
  const documents = await build(
    { name: loader.name, config: { ...loader.config, textSplitter } },
    documentLoaders,
    "document loader",
    services,
  );
  return (documents as Document[]).filter(({ pageContent }) => pageContent !== "");
}

async function build(
  { name, config }: Component,
  known: Readonly<Record<string, { label: string }>>,
  kind: string,
  services: KnowledgeServices & { signal: AbortSignal },
): Promise<unknown> {
  const label = Object.hasOwn(known, name) ? known[name]?.label : undefined;
  if (label === undefined)
    throw new Error(
      `The ${kind} ${name} is not supported; these are: ${Object.keys(known).join(", ")}`,
    );
  const node = await loadChatNode(name);
  const inputs = Config.parse(config);
  const given = inputs.FLOWISE_CREDENTIAL_ID || inputs.credential;
  // Of a run, loaders and splitters use these services only.
  const context = {
    nodeId: `${name}_0`,
    name,
    label,
    output: "document",
    credentialId: typeof given === "string" && given ? given : undefined,
    rawInputs: inputs,
    services,
  };
  return node.init?.(inputs, context as unknown as ChatNodeRun);
}
