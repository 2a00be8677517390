import type { ChatModelComponent } from "../model.ts";

// Each is loaded when a flow first uses it.
const chatModels: Record<string, () => Promise<ChatModelComponent>> = {
  azureChatOpenAI: async () => (await import("./azure-chat-openai.ts")).azureChatOpenAI,
  chatAnthropic: async () => (await import("./chat-anthropic.ts")).chatAnthropic,
  chatGoogleGenerativeAI: async () =>
    (await import("./chat-google-generative-ai.ts")).chatGoogleGenerativeAI,
  chatMistralAI: async () => (await import("./chat-mistral-ai.ts")).chatMistralAI,
  chatOllama: async () => (await import("./chat-ollama.ts")).chatOllama,
  chatOpenAI: async () => (await import("./chat-openai.ts")).chatOpenAI,
  groqChat: async () => (await import("./groq-chat.ts")).groqChat,
  replicate: async () => (await import("./replicate.ts")).replicate,
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
