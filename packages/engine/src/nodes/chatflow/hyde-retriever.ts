import { z } from "zod";
import { askText } from "../../chatflow/ask-text.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { model, retriever } from "../../chatflow/chat-parts.ts";
import { retrieverOutput } from "../../chatflow/retriever-output.ts";
import { number, text } from "../../input.ts";
import { retrieverOf } from "../../retrieval/refine.ts";

/** What the made-up document should look like, by the names that Flowise gives LangChain's prompts. */
const kinds: Record<string, string> = {
  websearch: "a passage of a web page that answers the question",
  scifact: "a passage of a scientific paper that supports or refutes the claim",
  arguana: "a counter-argument to the passage",
  "trec-covid": "a passage of a scientific paper that answers the question",
  fiqa: "a passage of an article on finance that answers the question",
  "dbpedia-entity": "a passage of an encyclopedia that answers the question",
  "trec-news": "a passage of a news report about the topic",
  "mr-tydi": "a passage, in the language of the question, that answers the question",
};

/** Searches for what looks like an answer, which a model makes up. */
export const hydeRetriever = defineChatNode({
  name: "HydeRetriever",
  inputs: z.object({
    model,
    vectorStore: retriever,
    query: text,
    promptKey: text,
    customPrompt: text,
    topK: number,
  }),
  init({ model, vectorStore, query, promptKey, customPrompt, topK }, context) {
    const kind = Object.hasOwn(kinds, promptKey) ? kinds[promptKey] : kinds.websearch;
    const prompt = customPrompt || `Write ${kind}.\n\n{question}`;
    const made = retrieverOf(async (question, options) => {
      const passage = await askText(model, prompt, { question }, options.signal);
      return vectorStore.retrieve(passage || question, { topK: topK || 4, ...options });
    });
    return retrieverOutput(made, query, context);
  },
});
