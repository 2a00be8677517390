import {
  type ChatModel,
  defineChatModel,
  type ModelAnswer,
  type ModelRequest,
  type ModelSetting,
} from "../model.ts";
import { withStructured } from "./answer.ts";
import { anthropicAnswer } from "./anthropic-answer.ts";
import { anthropicMessages, anthropicTools } from "./anthropic-request.ts";
import { wholeTurn } from "./anthropic-turn.ts";
import { baseUrl, credentialField, flagInput, numberInput, textInput } from "./model-input.ts";
import { postToProvider } from "./provider-request.ts";
import { withRetry } from "./retry.ts";
import { readSse } from "./sse.ts";

export const chatAnthropic = defineChatModel({
  name: "chatAnthropic",
  create(setting): ChatModel {
    const modelName = textInput(setting, "modelName") ?? "claude-haiku-4-5";
    const params = anthropicParams(setting, modelName);
    const streaming = flagInput(setting, "streaming", true);
    return {
      component: "chatAnthropic",
      modelName,
      streaming,
      allowsImages: flagInput(setting, "allowImageUploads"),
      generate: (request) =>
        wholeTurn(request, (part) =>
          withRetry(part, (each) => generate({ setting, params, streaming }, each)),
        ),
    };
  },
});

async function generate(
  { setting, params, streaming }: { setting: ModelSetting; params: Params; streaming: boolean },
  request: ModelRequest,
): Promise<ModelAnswer> {
  const { signal, providerTools } = request;
  const fetchesPages = providerTools?.some(({ type }) => String(type).startsWith("web_fetch_"));
  const response = await postToProvider(setting.fetch, {
    url: `${baseUrl(setting.baseUrls.anthropic, "https://api.anthropic.com")}/v1/messages`,
    headers: {
      "x-api-key": credentialField(setting, "anthropicApiKey") ?? "",
      "anthropic-version": "2023-06-01",
      ...(fetchesPages && { "anthropic-beta": "web-fetch-2025-09-10" }),
    },
    body: {
      ...params,
      ...anthropicMessages(request.messages),
      ...anthropicTools(
        request,
        params.thinking !== undefined && params.thinking.type !== "disabled",
      ),
      // Also where nobody listens: Anthropic drops long answers that are not streamed.
      stream: streaming,
    },
    signal,
  });
  const answer = anthropicAnswer(request);
  if (streaming) await readSse(response, signal, answer.takeEvent);
  else answer.takeWhole(await response.json());
  return withStructured(answer.finish(), request);
}

interface Params {
  model: string;
  max_tokens: number;
  thinking?: { type: "disabled" | "adaptive" } | { type: "enabled"; budget_tokens: number };
  [name: string]: unknown;
}

function anthropicParams(setting: ModelSetting, model: string): Params {
  const adaptiveOnly = isAdaptiveOnly(model);
  const budget = numberInput(setting, "budgetTokens") ?? 1024;
  const extended = flagInput(setting, "extendedThinking");
  const adaptive = flagInput(setting, "adaptiveThinking") || (extended && adaptiveOnly);
  const effort = textInput(setting, "thinkingEffort");
  const thinks = adaptive || extended;
  const off = adaptiveOnly ? undefined : ({ type: "disabled" } as const);
  return {
    model,
    max_tokens:
      numberInput(setting, "maxTokensToSample") ??
      Math.max(defaultMaxTokens(model), extended && !adaptive ? budget + 4096 : 0),
    thinking: adaptive
      ? { type: "adaptive" }
      : extended
        ? { type: "enabled", budget_tokens: budget }
        : off,
    ...(adaptive && effort && { output_config: { effort } }),
    ...(!adaptiveOnly && {
      temperature: thinks ? undefined : numberInput(setting, "temperature"),
      top_p: numberInput(setting, "topP"),
      top_k: numberInput(setting, "topK"),
    }),
  };
}

/** From Opus 4.7 on: no sampling parameters, and thinking can neither be budgeted nor switched off. */
const isAdaptiveOnly = (model: string): boolean =>
  /^claude-opus-4-([7-9]|[1-9]\d)(?!\d)/.test(model) ||
  /^claude-[a-z]+-([5-9]|[1-9]\d)(?!\d)/.test(model);

/** Anthropic demands a limit; these are the ones LangChain sets where an author has set none. */
const defaultMaxTokens = (model: string): number =>
  /^claude-(3|2|instant)/.test(model) ? 4096 : 16_384;
