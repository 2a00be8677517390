import {
  type ChatModel,
  defineChatModel,
  type ModelAnswer,
  type ModelRequest,
  type ModelSetting,
} from "../model.ts";
import { withStructured } from "./answer.ts";
import { geminiAnswer } from "./gemini-answer.ts";
import { geminiContents, geminiTools } from "./gemini-request.ts";
import { baseUrl, credentialField, flagInput, numberInput, textInput } from "./model-input.ts";
import { postToProvider } from "./provider-request.ts";
import { withRetry } from "./retry.ts";
import { readSse } from "./sse.ts";

export const chatGoogleGenerativeAI = defineChatModel({
  name: "chatGoogleGenerativeAI",
  create(setting): ChatModel {
    const modelName =
      textInput(setting, "customModelName") ??
      textInput(setting, "modelName") ??
      "gemini-1.5-flash-latest";
    const streaming = flagInput(setting, "streaming", true);
    return {
      component: "chatGoogleGenerativeAI",
      modelName,
      streaming,
      allowsImages: flagInput(setting, "allowImageUploads"),
      generate: (request) =>
        withRetry(request, (each) => generate(setting, modelName, streaming, each)),
    };
  },
});

async function generate(
  setting: ModelSetting,
  modelName: string,
  streaming: boolean,
  request: ModelRequest,
): Promise<ModelAnswer> {
  const { signal, onText, onReasoning } = request;
  const base = baseUrl(
    textInput(setting, "baseUrl"),
    setting.baseUrls.gemini,
    "https://generativelanguage.googleapis.com",
  );
  const stream = streaming && Boolean(onText || onReasoning);
  const verb = stream ? "streamGenerateContent?alt=sse" : "generateContent";
  const response = await postToProvider(setting.fetch, {
    url: `${base}/v1beta/models/${encodeURIComponent(modelName.replace(/^models\//, ""))}:${verb}`,
    headers: { "x-goog-api-key": credentialField(setting, "googleGenerativeAPIKey") ?? "" },
    body: {
      ...(await geminiContents(request, setting.fetch)),
      ...geminiTools(request),
      generationConfig: generationConfig(setting),
      safetySettings: safetySettings(setting.inputs.safetySettings),
    },
    signal,
  });
  const answer = geminiAnswer(request);
  if (stream) await readSse(response, signal, answer.takeEvent);
  else answer.takeWhole(await response.json());
  return withStructured(answer.finish(), request);
}

function generationConfig(setting: ModelSetting) {
  const level = textInput(setting, "thinkingLevel");
  const budget = numberInput(setting, "thinkingBudget");
  const thinking = level
    ? { thinkingLevel: level }
    : budget === undefined
      ? undefined
      : { thinkingBudget: budget };
  return {
    stopSequences: [],
    temperature: numberInput(setting, "temperature"),
    maxOutputTokens: numberInput(setting, "maxOutputTokens"),
    topP: numberInput(setting, "topP"),
    topK: numberInput(setting, "topK"),
    ...(thinking && { thinkingConfig: { ...thinking, includeThoughts: true } }),
  };
}

/** Rows of `{harmCategory, harmBlockThreshold}`, as a list or JSON text; the first of a category counts. */
function safetySettings(input: unknown) {
  const rows: unknown = typeof input === "string" && input.trim() ? JSON.parse(input) : input;
  if (!Array.isArray(rows)) return undefined;
  const thresholds = new Map<string, unknown>();
  for (const { harmCategory, harmBlockThreshold } of rows as Record<string, string>[])
    if (harmCategory && harmBlockThreshold && !thresholds.has(harmCategory))
      thresholds.set(harmCategory, harmBlockThreshold);
  if (thresholds.size === 0) return undefined;
  return [...thresholds].map(([category, threshold]) => ({ category, threshold }));
}
