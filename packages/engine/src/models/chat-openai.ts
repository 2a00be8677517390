import { defineChatModel } from "../model.ts";
import {
  baseUrl,
  credentialField,
  flagInput,
  headersInput,
  numberInput,
  textInput,
} from "./model-input.ts";
import { isReasoningModel, openAiParams, responsesParams } from "./openai-params.ts";
import { withResponses } from "./openai-responses.ts";
import { openAiChatModel } from "./openai-wire.ts";

export const chatOpenAI = defineChatModel({
  name: "chatOpenAI",
  create(setting) {
    const modelName = textInput(setting, "modelName") ?? "gpt-4o-mini";
    const key = credentialField(setting, "openAIApiKey");
    const base = baseUrl(
      textInput(setting, "basepath"),
      setting.baseUrls.openai,
      "https://api.openai.com/v1",
    );
    const { fetch } = setting;
    const headers = {
      ...(key && { authorization: `Bearer ${key}` }),
      ...headersInput(setting, "baseOptions"),
    };
    const streaming = flagInput(setting, "streaming", true);
    const timeoutMs = numberInput(setting, "timeout");
    const model = openAiChatModel({
      component: "chatOpenAI",
      provider: "openai",
      modelName,
      fetch,
      url: `${base}/chat/completions`,
      headers,
      params: { model: modelName, ...openAiParams(setting, modelName) },
      streaming,
      allowsImages: flagInput(setting, "allowImageUploads"),
      timeoutMs,
      dialect: {
        systemRole: isReasoningModel(modelName) ? "developer" : undefined,
        strictTools: flagInput(setting, "strictToolCalling"),
      },
    });
    const params = responsesParams(setting, modelName);
    return withResponses(model, { base, fetch, headers, params, streaming, timeoutMs });
  },
});
