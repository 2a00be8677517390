import { defineChatModel } from "../model.ts";
import { baseUrl, credentialField, flagInput, numberInput, textInput } from "./model-input.ts";
import { openAiChatModel } from "./openai-wire.ts";

export const chatMistralAI = defineChatModel({
  name: "chatMistralAI",
  create(setting) {
    const modelName = textInput(setting, "modelName") ?? "mistral-tiny";
    const base = baseUrl(
      textInput(setting, "overrideEndpoint"),
      setting.baseUrls.mistral,
      "https://api.mistral.ai",
    );
    return openAiChatModel({
      component: "chatMistralAI",
      provider: "mistralai",
      modelName,
      fetch: setting.fetch,
      url: `${base.replace(/\/v1$/, "")}/v1/chat/completions`,
      headers: { authorization: `Bearer ${credentialField(setting, "mistralAIAPIKey") ?? ""}` },
      params: {
        model: modelName,
        temperature: numberInput(setting, "temperature"),
        max_tokens: numberInput(setting, "maxOutputTokens"),
        top_p: numberInput(setting, "topP"),
        random_seed: numberInput(setting, "randomSeed"),
        safe_prompt: flagInput(setting, "safeMode") || undefined,
      },
      streaming: flagInput(setting, "streaming", true),
      dialect: { anyTool: "any", streamOptions: false, names: false, systemRole: "system" },
    });
  },
});
