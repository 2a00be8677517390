import { z } from "zod";
import { text } from "./input.ts";
import type { ChatModel } from "./model.ts";

const names = z.preprocess((value) => {
  if (typeof value !== "string") return value ?? [];
  try {
    return JSON.parse(value || "[]");
  } catch {
    return [];
  }
}, z.array(text).catch([]));

/** Lists of tools that a provider runs itself; saved as JSON text. */
export const providerToolInputs = {
  agentToolsBuiltInOpenAI: names,
  agentToolsBuiltInGemini: names,
  agentToolsBuiltInAnthropic: names,
};
type Inputs = z.infer<z.ZodObject<typeof providerToolInputs>>;

/** The tools of the model's own provider, as its wire has them; lists of other models are left-overs. */
export function providerToolsOf(inputs: Inputs, model: ChatModel): Record<string, unknown>[] {
  const known = byModel[model.component];
  if (!known) return [];
  return inputs[known.input].filter(Boolean).map((name) => {
    const tool = known.tools[name];
    if (!tool) throw new Error(`The built-in tool ${name} of ${model.component} is not supported`);
    return tool;
  });
}

const byModel: Record<
  string,
  { input: keyof Inputs; tools: Record<string, Record<string, unknown>> }
> = {
  chatOpenAI: {
    input: "agentToolsBuiltInOpenAI",
    tools: {
      web_search_preview: { type: "web_search_preview" },
      code_interpreter: { type: "code_interpreter", container: { type: "auto" } },
      image_generation: { type: "image_generation" },
    },
  },
  chatGoogleGenerativeAI: {
    input: "agentToolsBuiltInGemini",
    tools: {
      urlContext: { urlContext: {} },
      googleSearch: { googleSearch: {} },
      codeExecution: { codeExecution: {} },
    },
  },
  chatAnthropic: {
    input: "agentToolsBuiltInAnthropic",
    tools: {
      web_search_20250305: { type: "web_search_20250305", name: "web_search" },
      web_fetch_20250910: { type: "web_fetch_20250910", name: "web_fetch" },
    },
  },
};
