import type { ChatNodeRun } from "./chatflow/chat-node.ts";
import { type Component, Config } from "./knowledge.ts";
import { loadChatNode } from "./nodes/chatflow-registry.ts";
import type { Document } from "./retrieval/document.ts";

/** Flowise's names of the loaders that a document store may use, with the input that takes files. */
export const documentLoaders: Readonly<Record<string, { label: string; files?: string }>> = {
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
export async function loadDocuments({
  loader,
  splitter,
}: {
  loader: Component;
  splitter: Component | undefined;
}): Promise<Document[]> {
  const textSplitter = splitter && (await build(splitter, textSplitters, "text splitter"));
  const documents = await build(
    { name: loader.name, config: { ...loader.config, textSplitter } },
    documentLoaders,
    "document loader",
  );
  return (documents as Document[]).filter(({ pageContent }) => pageContent !== "");
}

async function build(
  { name, config }: Component,
  known: Readonly<Record<string, { label: string }>>,
  kind: string,
): Promise<unknown> {
  const label = Object.hasOwn(known, name) ? known[name]?.label : undefined;
  if (label === undefined)
    throw new Error(
      `The ${kind} ${name} is not supported; these are: ${Object.keys(known).join(", ")}`,
    );
  const node = await loadChatNode(name);
  const inputs = Config.parse(config);
  // Loaders and splitters use nothing of a run.
  const context = { nodeId: `${name}_0`, name, label, output: "document", rawInputs: inputs };
  return node.init?.(inputs, context as ChatNodeRun);
}
