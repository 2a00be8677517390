import { z } from "zod";
import { askModel } from "../../chatflow/ask-model.ts";
import { type ChatNodeRun, defineChatNode } from "../../chatflow/chat-node.ts";
import { memory, model, optional, retriever } from "../../chatflow/chat-parts.ts";
import { historyLines, rememberedMessages, toChatMessages } from "../../chatflow/past.ts";
import { fillTemplate, parseTemplate } from "../../chatflow/template.ts";
import { flag, text } from "../../input.ts";
import type { ChatMessage, ChatModel } from "../../model.ts";

const defaultRephrase =
  "Below are a conversation and what the user says next. Write what the user says as one question that can be understood without the conversation.\n\nConversation:\n{chat_history}\n\nThe user says: {question}\n\nQuestion:";
const defaultResponse =
  "Answer the user's question from the text below, and from nothing else. Where the text does not say it, say that you do not know.\n\n{context}";

/** Answers from documents, remembering what was said. */
export const conversationalRetrievalQAChain = defineChatNode({
  name: "conversationalRetrievalQAChain",
  inputs: z.object({
    model,
    vectorStoreRetriever: retriever,
    memory: optional(memory),
    returnSourceDocuments: flag,
    rephrasePrompt: text,
    responsePrompt: text,
    systemMessagePrompt: text,
  }),
  async run(inputs, context) {
    const { model, vectorStoreRetriever, memory, returnSourceDocuments } = inputs;
    const { question, services } = context;
    const history = memory
      ? await memory.messages(model)
      : toChatMessages(await rememberedMessages(context), model);
    const query =
      history.length > 0
        ? await rephrased(inputs.rephrasePrompt || defaultRephrase, history, model, context)
        : question;
    const documents = await vectorStoreRetriever.retrieve(query, { signal: services.signal });
    const lines = documents.map(({ pageContent }, i) => `<doc id='${i}'>${pageContent}</doc>`);
    const system = fillTemplate(parseTemplate(responsePromptOf(inputs)), {
      context: lines.join("\n"),
      question,
    });
    const messages: ChatMessage[] = [
      { role: "system", content: system },
      ...history,
      { role: "user", content: question },
    ];
    const { text } = await askModel(model, { messages }, context);
    return { text, ...(returnSourceDocuments && { sourceDocuments: documents }) };
  },
});

/** Older exports have a system message only, with no place for the documents. */
function responsePromptOf(inputs: { responsePrompt: string; systemMessagePrompt: string }): string {
  if (inputs.responsePrompt) return inputs.responsePrompt;
  return inputs.systemMessagePrompt
    ? `${inputs.systemMessagePrompt}\n\n${defaultResponse}`
    : defaultResponse;
}

async function rephrased(
  prompt: string,
  history: ChatMessage[],
  model: ChatModel,
  { question, services }: ChatNodeRun,
): Promise<string> {
  const content = fillTemplate(parseTemplate(prompt), {
    chat_history: historyLines(history, { user: "human", assistant: "ai" }),
    question,
  });
  const { text } = await askModel(model, { messages: [{ role: "user", content }] }, { services });
  return text;
}
