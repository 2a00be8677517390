import type { ModelSetting } from "../model.ts";
import { listInput, numberInput, textInput } from "./model-input.ts";

/** Models that think first: they refuse temperature and stop, and take their limit under another name. */
export const isReasoningModel = (name: string): boolean =>
  /^o\d/.test(name) ||
  (/^gpt-5/.test(name) && !/^gpt-5[\w.]*-chat/.test(name)) ||
  name.startsWith("codex-mini");

/** The parameters that `chatOpenAI` and `azureChatOpenAI` share. */
export function openAiParams(setting: ModelSetting, modelName: string): Record<string, unknown> {
  const reasons = isReasoningModel(modelName);
  const maxTokens = numberInput(setting, "maxTokens");
  return {
    temperature: reasons ? undefined : numberInput(setting, "temperature"),
    stop: reasons ? undefined : listInput(setting, "stopSequence"),
    [reasons ? "max_completion_tokens" : "max_tokens"]: maxTokens,
    top_p: numberInput(setting, "topP"),
    frequency_penalty: numberInput(setting, "frequencyPenalty"),
    presence_penalty: numberInput(setting, "presencePenalty"),
    reasoning_effort: reasons ? textInput(setting, "reasoningEffort") : undefined,
  };
}

/** The same for the Responses API, which knows no stop words and no penalties. */
export function responsesParams(setting: ModelSetting, modelName: string): Record<string, unknown> {
  const reasons = isReasoningModel(modelName);
  const effort = textInput(setting, "reasoningEffort");
  const summary = textInput(setting, "reasoningSummary");
  return {
    model: modelName,
    temperature: reasons ? undefined : numberInput(setting, "temperature"),
    top_p: numberInput(setting, "topP"),
    max_output_tokens: numberInput(setting, "maxTokens"),
    ...(reasons && {
      ...((effort || summary) && { reasoning: { effort, summary } }),
      // Nothing is kept at the provider: a tool round brings the thoughts back.
      include: ["reasoning.encrypted_content"],
    }),
  };
}
