import { baseUrl, credentialField, textInput } from "../../models/model-input.ts";
import { defineEmbeddings } from "../embeddings.ts";
import { openAiEmbeddings } from "./openai-wire.ts";

/** Any server that speaks OpenAI's wire. */
export const localAIEmbeddings = defineEmbeddings({
  name: "localAIEmbeddings",
  create(setting) {
    const key = credentialField(setting, "localAIApiKey");
    const base = baseUrl(textInput(setting, "basePath"), "http://localhost:8080/v1");
    return openAiEmbeddings({
      fetch: setting.fetch,
      url: `${base}/embeddings`,
      headers: key ? { authorization: `Bearer ${key}` } : {},
      params: { model: textInput(setting, "modelName") },
      batchSize: 512,
      stripNewLines: true,
      timeoutMs: undefined,
    });
  },
});
