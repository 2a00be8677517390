import { FlowGraph, type FlowNode } from "@sluice/engine/graph";
import { z } from "zod";
import type { Flow } from "./flow.ts";

const Allowed = z.object({ fileTypes: z.array(z.string()), maxUploadSize: z.number() });

/** What a chat window may offer to upload, in Flowise's shape; sizes in MB. */
export const Uploads = z.object({
  isSpeechToTextEnabled: z.boolean(),
  isImageUploadAllowed: z.boolean(),
  isRAGFileUploadAllowed: z.boolean(),
  imgUploadSizeAndTypes: z.array(Allowed),
  fileUploadSizeAndTypes: z.array(Allowed),
});
export type Uploads = z.infer<typeof Uploads>;

const images = {
  fileTypes: ["image/gif", "image/jpeg", "image/png", "image/webp"],
  maxUploadSize: 5,
};

/** Nodes of chatflows that show images to their models; others would pass over them. */
const showsImages = new Set([
  "conversationChain",
  "conversationalAgent",
  "llmChain",
  "reactAgentChat",
  "seqStart",
  "supervisor",
  "toolAgent",
]);

/** What Flowise tells; a request's size is bounded by the server. */
const maxIndexedMb = 500;
const texts = [".txt", ".md", ".html", ".css", ".xml", ".yml", ".sql", ".js", ".ts", ".py"];
const loaderEndings: Record<string, string[]> = {
  csvFile: [".csv"],
  docxFile: [".docx"],
  fileLoader: [".csv", ".docx", ".json", ".jsonl", ".pdf", ".yaml", ...texts],
  jsonFile: [".json"],
  jsonlinesFile: [".jsonl"],
  pdfFile: [".pdf"],
  textFile: texts,
};

export function uploadsOf(flow: Pick<Flow, "flow_data" | "speech_to_text">): Uploads {
  const { nodes } = FlowGraph.parse(JSON.parse(flow.flow_data));
  const shows = nodes.some(({ data }) => showsImages.has(data.name));
  const takesImages = nodes.some(({ data }) => allowsImages(data.inputs ?? {}, shows));
  const fileTypes = indexedFileTypes(nodes);
  return {
    isSpeechToTextEnabled: anyEnabled(flow.speech_to_text),
    isImageUploadAllowed: takesImages,
    isRAGFileUploadAllowed: fileTypes !== undefined,
    imgUploadSizeAndTypes: takesImages ? [images] : [],
    fileUploadSizeAndTypes: fileTypes ? [{ fileTypes, maxUploadSize: maxIndexedMb }] : [],
  };
}

/** Endings of the files that a store takes by the loaders in the flow; undefined where no store takes any. */
function indexedFileTypes(nodes: FlowNode[]): string[] | undefined {
  const takes = nodes.some(
    ({ data }) =>
      data.category === "Vector Stores" &&
      (data.inputs?.fileUpload === true || data.inputs?.fileUpload === "true"),
  );
  if (!takes) return undefined;
  const types = nodes.flatMap(({ data }) =>
    Object.hasOwn(loaderEndings, data.name) ? (loaderEndings[data.name] ?? []) : [],
  );
  return types.length > 0 ? [...new Set(types)] : ["*"];
}

/** A provider in `speechToText` or `textToSpeech` that is switched on. */
export function anyEnabled(providers: string | null): boolean {
  const parsed: unknown = providers ? JSON.parse(providers) : {};
  return Object.values(parsed ?? {}).some((one) => one?.status === true);
}

/** Set on a model that one of {@link showsImages} asks, or on the model inside a node. */
function allowsImages(inputs: Record<string, unknown>, shows: boolean): boolean {
  const models = Object.entries(inputs).filter(([name]) => name.endsWith("ModelConfig"));
  const own = shows ? [inputs] : [];
  return [...own, ...models.map(([, config]) => config)].some((holder) => {
    const { allowImageUploads } = (holder ?? {}) as { allowImageUploads?: unknown };
    return allowImageUploads === true || allowImageUploads === "true";
  });
}
