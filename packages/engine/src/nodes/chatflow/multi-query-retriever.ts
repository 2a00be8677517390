import { z } from "zod";
import { askText, linesOf } from "../../chatflow/ask-text.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { model, retriever } from "../../chatflow/chat-parts.ts";
import { text } from "../../input.ts";
import { inGroups, retrieverOf, unique } from "../../retrieval/refine.ts";

const maxQueries = 10;
const defaultPrompt =
  "Say the question below in three other ways, each from another point of view, so that a search by likeness finds more of what belongs to it. Write one question a line between <questions> and </questions>, and nothing else.\n\nQuestion: {question}";

/** Searches for a question in several wordings. */
export const multiQueryRetriever = defineChatNode({
  name: "multiQueryRetriever",
  inputs: z.object({ vectorStore: retriever, model, modelPrompt: text }),
  init: ({ vectorStore, model, modelPrompt }) =>
    retrieverOf(async (question, options) => {
      const said = await askText(model, modelPrompt || defaultPrompt, { question }, options.signal);
      const queries = linesOf(said, maxQueries);
      const search = (query: string) => vectorStore.retrieve(query, options);
      return unique(await inGroups(queries.length > 0 ? queries : [question], search));
    }),
});
