import {
  baseUrl,
  credentialField,
  flagInput,
  headersInput,
  numberInput,
  textInput,
} from "../../models/model-input.ts";
import { defineEmbeddings } from "../embeddings.ts";
import { openAiEmbeddings } from "./openai-wire.ts";

export const openAIEmbeddings = defineEmbeddings({
  name: "openAIEmbeddings",
  create(setting) {
    const key = credentialField(setting, "openAIApiKey");
    const base = baseUrl(
      textInput(setting, "basepath"),
      setting.baseUrls.openai,
      "https://api.openai.com/v1",
    );
    return openAiEmbeddings({
      fetch: setting.fetch,
      url: `${base}/embeddings`,
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...headersInput(setting, "baseOptions"),
      },
      params: {
        model: textInput(setting, "modelName") ?? "text-embedding-ada-002",
        dimensions: numberInput(setting, "dimensions"),
      },
      batchSize: numberInput(setting, "batchSize") || 512,
      stripNewLines: flagInput(setting, "stripNewLines", true),
      timeoutMs: numberInput(setting, "timeout"),
    });
  },
});
