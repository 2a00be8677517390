import { baseUrl, credentialField, numberInput, textInput } from "../../models/model-input.ts";
import { defineEmbeddings } from "../embeddings.ts";
import { openAiEmbeddings } from "./openai-wire.ts";

export const azureOpenAIEmbeddings = defineEmbeddings({
  name: "azureOpenAIEmbeddings",
  create(setting) {
    const deployment = credentialField(setting, "azureOpenAIApiDeploymentName") ?? "";
    const instance = credentialField(setting, "azureOpenAIApiInstanceName");
    const version = credentialField(setting, "azureOpenAIApiVersion") ?? "2024-10-21";
    const base = baseUrl(
      textInput(setting, "basepath"),
      setting.baseUrls.azure,
      `https://${instance}.openai.azure.com/openai/deployments`,
    );
    return openAiEmbeddings({
      fetch: setting.fetch,
      url: `${base}/${encodeURIComponent(deployment)}/embeddings?api-version=${encodeURIComponent(version)}`,
      headers: { "api-key": credentialField(setting, "azureOpenAIApiKey") ?? "" },
      params: {},
      batchSize: numberInput(setting, "batchSize") || 100,
      stripNewLines: true,
      timeoutMs: numberInput(setting, "timeout"),
    });
  },
});
