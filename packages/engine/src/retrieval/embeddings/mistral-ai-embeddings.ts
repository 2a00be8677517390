import {
  baseUrl,
  credentialField,
  flagInput,
  numberInput,
  textInput,
} from "../../models/model-input.ts";
import { defineEmbeddings } from "../embeddings.ts";
import { openAiEmbeddings } from "./openai-wire.ts";

export const mistralAIEmbeddings = defineEmbeddings({
  name: "mistralAIEmbeddings",
  create(setting) {
    const base = baseUrl(
      textInput(setting, "overrideEndpoint"),
      setting.baseUrls.mistral,
      "https://api.mistral.ai",
    );
    return openAiEmbeddings({
      fetch: setting.fetch,
      url: `${base.replace(/\/v1$/, "")}/v1/embeddings`,
      headers: { authorization: `Bearer ${credentialField(setting, "mistralAIAPIKey") ?? ""}` },
      params: { model: textInput(setting, "modelName") ?? "mistral-embed" },
      batchSize: numberInput(setting, "batchSize") || 512,
      stripNewLines: flagInput(setting, "stripNewLines", true),
      timeoutMs: undefined,
    });
  },
});
