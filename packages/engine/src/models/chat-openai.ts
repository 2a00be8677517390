import { defineChatModel } from "../model.ts";
import {
  baseUrl,
  credentialField,
  flagInput,
  headersInput,
  numberInput,
  textInput,
} from "./model-input.ts";
import { isReasoningModel, openAiParams } from "./openai-params.ts";
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
    return openAiChatModel({
      component: "chatOpenAI",
      provider: "openai",
      modelName,
      fetch: setting.fetch,
      url: `${base}/chat/completions`,
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...headersInput(setting, "baseOptions"),
      },
      params: { model: modelName, ...openAiParams(setting, modelName) },
      streaming: flagInput(setting, "streaming", true),
      allowsImages: flagInput(setting, "allowImageUploads"),
      timeoutMs: numberInput(setting, "timeout"),
      dialect: {
        systemRole: isReasoningModel(modelName) ? "developer" : undefined,
        strictTools: flagInput(setting, "strictToolCalling"),
      },
    });
  },
});
