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

export const azureChatOpenAI = defineChatModel({
  name: "azureChatOpenAI",
  create(setting) {
    const deployment = credentialField(setting, "azureOpenAIApiDeploymentName") ?? "";
    const modelName = textInput(setting, "modelName") ?? deployment;
    const instance = credentialField(setting, "azureOpenAIApiInstanceName");
    const version = credentialField(setting, "azureOpenAIApiVersion") ?? "2024-10-21";
    const base = baseUrl(
      textInput(setting, "basepath"),
      setting.baseUrls.azure,
      `https://${instance}.openai.azure.com/openai/deployments`,
    );
    return openAiChatModel({
      component: "azureChatOpenAI",
      provider: "azure",
      modelName,
      fetch: setting.fetch,
      url: `${base}/${encodeURIComponent(deployment)}/chat/completions?api-version=${encodeURIComponent(version)}`,
      headers: {
        "api-key": credentialField(setting, "azureOpenAIApiKey") ?? "",
        ...headersInput(setting, "baseOptions"),
      },
      params: { model: modelName, ...openAiParams(setting, modelName) },
      streaming: flagInput(setting, "streaming", true),
      allowsImages: flagInput(setting, "allowImageUploads"),
      timeoutMs: numberInput(setting, "timeout"),
      dialect: { systemRole: isReasoningModel(modelName) ? "developer" : undefined },
    });
  },
});
