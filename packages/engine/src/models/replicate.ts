import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import {
  type ChatModel,
  defineChatModel,
  type ModelAnswer,
  ModelError,
  type ModelRequest,
  type ModelSetting,
} from "../model.ts";
import { baseUrl, credentialField, flagInput, numberInput, textInput } from "./model-input.ts";
import { postToProvider } from "./provider-request.ts";
import { withRetry } from "./retry.ts";

const maxWaitMs = 600_000;
const firstPauseMs = 250;
const maxPauseMs = 2000;

const Prediction = z.object({
  id: z.string().regex(/^\w+$/),
  status: z.string(),
  output: z.unknown().optional(),
  error: z.unknown().optional(),
});
type Prediction = z.infer<typeof Prediction>;

/** Any model on Replicate: a text goes in, and what it makes comes out as text, images as their URLs. */
export const replicate = defineChatModel({
  name: "replicate",
  create(setting): ChatModel {
    const modelName = textInput(setting, "model") ?? "";
    return {
      component: "replicate",
      modelName,
      streaming: flagInput(setting, "streaming", true),
      allowsImages: false,
      generate: (request) => generate(setting, modelName, request),
    };
  },
});

async function generate(
  setting: ModelSetting,
  modelName: string,
  { messages, signal, onText }: ModelRequest,
): Promise<ModelAnswer> {
  const base = baseUrl(setting.baseUrls.replicate, "https://api.replicate.com/v1");
  const headers = { authorization: `Bearer ${credentialField(setting, "replicateApiKey") ?? ""}` };
  const [model = "", version] = modelName.split(":");
  if (!/^[\w.-]+\/[\w.-]+$/.test(model))
    throw new Error(`Replicate: ${JSON.stringify(modelName)} is not owner/model:version`);
  const url = version ? `${base}/predictions` : `${base}/models/${model}/predictions`;
  const body = { ...(version && { version }), input: inputOf(setting, messages) };
  let prediction = await withRetry({ signal }, async () => {
    const response = await postToProvider(setting.fetch, { url, headers, body, signal });
    return Prediction.parse(await response.json());
  });
  const at = `${base}/predictions/${prediction.id}`;
  const deadline = performance.now() + maxWaitMs;
  let said = "";
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, maxPauseMs)) {
      const text = textOf(prediction.output);
      if (text.startsWith(said) && text !== said) onText?.(text.slice(said.length));
      said = text;
      if (prediction.status === "succeeded") break;
      if (["failed", "canceled", "aborted"].includes(prediction.status)) throw refusal(prediction);
      if (performance.now() > deadline)
        throw new ModelError("Replicate has not answered in time", { retryable: false });
      await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      prediction = await withRetry({ signal }, () => read(setting, at, headers, signal));
    }
  } catch (error) {
    if (!["succeeded", "failed", "canceled"].includes(prediction.status))
      await cancel(setting, at, headers);
    throw error;
  }
  return { text: said, toolCalls: [], metadata: { id: prediction.id, status: prediction.status } };
}

function inputOf(setting: ModelSetting, messages: ModelRequest["messages"]) {
  const prompt = messages
    .map(({ content }) =>
      typeof content === "string"
        ? content
        : content.map((part) => (part.type === "text" ? part.text : "")).join(""),
    )
    .join("\n\n");
  const own = setting.inputs.additionalInputs;
  const additional: unknown = typeof own === "string" && own.trim() ? JSON.parse(own) : own;
  return {
    temperature: numberInput(setting, "temperature"),
    max_length: numberInput(setting, "maxTokens"),
    top_p: numberInput(setting, "topP"),
    repetition_penalty: numberInput(setting, "repetitionPenalty"),
    prompt,
    ...(typeof additional === "object" ? additional : {}),
  };
}

async function read(
  setting: ModelSetting,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Prediction> {
  const response = await setting.fetch(url, { headers, signal, timeoutMs: 60_000 });
  if (response.status !== 200) {
    const words = (await response.text()).slice(0, 300);
    const retryable = response.status === 429 || response.status >= 500;
    throw new ModelError(`${response.status} ${words}`, { status: response.status, retryable });
  }
  return Prediction.parse(await response.json());
}

/** Nobody waits any more: nothing more is to be paid for. */
async function cancel(setting: ModelSetting, at: string, headers: Record<string, string>) {
  const signal = AbortSignal.timeout(5000);
  await setting
    .fetch(`${at}/cancel`, { method: "POST", headers, signal, timeoutMs: 5000 })
    .then((response) => response.text())
    .catch(() => {});
}

const refusal = ({ status, error }: Prediction) =>
  new ModelError(`Replicate: ${typeof error === "string" ? error : `the prediction ${status}`}`);

/** Models that write say their tokens one by one; a model that paints says one URL, or several. */
function textOf(output: unknown): string {
  if (output === null || output === undefined) return "";
  if (typeof output === "string") return output;
  if (Array.isArray(output)) return output.map(textOf).join("");
  return JSON.stringify(output);
}
