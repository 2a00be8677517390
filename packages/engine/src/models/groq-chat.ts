import { defineChatModel } from "../model.ts";
import { baseUrl, credentialField, flagInput, numberInput, textInput } from "./model-input.ts";
import { openAiChatModel } from "./openai-wire.ts";

export const groqChat = defineChatModel({
  name: "groqChat",
  create(setting) {
    const modelName = textInput(setting, "modelName") ?? "";
    return openAiChatModel({
      component: "groqChat",
      provider: "groq",
      modelName,
      fetch: setting.fetch,
      url: `${baseUrl(setting.baseUrls.groq, "https://api.groq.com/openai/v1")}/chat/completions`,
      headers: { authorization: `Bearer ${credentialField(setting, "groqApiKey") ?? ""}` },
      params: {
        model: modelName,
        temperature: numberInput(setting, "temperature"),
        max_tokens: numberInput(setting, "maxTokens"),
      },
      streaming: flagInput(setting, "streaming", true),
    });
  },
});
