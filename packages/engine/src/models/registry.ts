import type { ChatModelComponent } from "../model.ts";

// Each is loaded when a flow first uses it.
const chatModels: Record<string, () => Promise<ChatModelComponent>> = {
  chatOpenAI: async () => (await import("./chat-openai.ts")).chatOpenAI,
};

/** Flowise's names of the chat models we support. */
export const chatModelNames = Object.keys(chatModels);

export function loadChatModel(name: string): Promise<ChatModelComponent> {
  const load = Object.hasOwn(chatModels, name) ? chatModels[name] : undefined;
  if (load) return load();
  return Promise.reject(
    new Error(`The chat model ${name} is not supported; these are: ${chatModelNames.join(", ")}`),
  );
}
