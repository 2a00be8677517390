import { FlowGraph } from "@sluice/engine/graph";
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

export function uploadsOf(flow: Pick<Flow, "flow_data" | "speech_to_text">): Uploads {
  const { nodes } = FlowGraph.parse(JSON.parse(flow.flow_data));
  const takesImages = nodes.some(({ data }) => allowsImages(data.inputs ?? {}));
  return {
    isSpeechToTextEnabled: anyEnabled(flow.speech_to_text),
    isImageUploadAllowed: takesImages,
    isRAGFileUploadAllowed: false,
    imgUploadSizeAndTypes: takesImages ? [images] : [],
    fileUploadSizeAndTypes: [],
  };
}

/** A provider in `speechToText` or `textToSpeech` that is switched on. */
export function anyEnabled(providers: string | null): boolean {
  const parsed: unknown = providers ? JSON.parse(providers) : {};
  return Object.values(parsed ?? {}).some((one) => one?.status === true);
}

/** Set on a model, or on the model inside a node. */
function allowsImages(inputs: Record<string, unknown>): boolean {
  const models = Object.entries(inputs).filter(([name]) => name.endsWith("ModelConfig"));
  return [inputs, ...models.map(([, config]) => config)].some((holder) => {
    const { allowImageUploads } = (holder ?? {}) as { allowImageUploads?: unknown };
    return allowImageUploads === true || allowImageUploads === "true";
  });
}
