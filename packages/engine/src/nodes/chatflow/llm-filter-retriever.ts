import { z } from "zod";
import { askText } from "../../chatflow/ask-text.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { model, retriever } from "../../chatflow/chat-parts.ts";
import { retrieverOutput } from "../../chatflow/retriever-output.ts";
import { text } from "../../input.ts";
import { inGroups, retrieverOf } from "../../retrieval/refine.ts";

const nothing = "NO_OUTPUT";
const prompt = `Below are a question and a text. Copy, word for word, the parts of the text that help to answer the question, and write nothing else. Where no part helps, write ${nothing}.\n\nQuestion: {question}\n\nText:\n{context}`;

/** Keeps of each document what a model finds relevant. */
export const llmFilterRetriever = defineChatNode({
  name: "llmFilterRetriever",
  inputs: z.object({ baseRetriever: retriever, model, query: text }),
  init({ baseRetriever, model, query }, context) {
    const made = retrieverOf(async (question, options) => {
      const found = await baseRetriever.retrieve(question, options);
      const kept = await inGroups(found, async (document) => {
        const values = { question, context: document.pageContent };
        const said = await askText(model, prompt, values, options.signal);
        return said === "" || said.includes(nothing) ? [] : [{ ...document, pageContent: said }];
      });
      return kept.flat();
    });
    return retrieverOutput(made, query, context);
  },
});
