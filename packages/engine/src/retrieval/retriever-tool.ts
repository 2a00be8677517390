import type { Tool } from "../tool.ts";
import type { Retriever } from "./retriever.ts";

/** A tool that answers with what a retriever finds. */
export const retrieverTool = (given: {
  name: string;
  description: string;
  retriever: Retriever;
  returnSourceDocuments: boolean;
  filter?: Record<string, unknown>;
}): Tool => ({
  name: given.name,
  description: given.description,
  schema: {
    type: "object",
    properties: { input: { type: "string", description: "input to look up in retriever" } },
    required: ["input"],
    additionalProperties: false,
  },
  component: { label: "Retriever Tool", name: "retrieverTool" },
  async call({ input }, { services }) {
    const { filter } = given;
    const documents = await given.retriever.retrieve(String(input), {
      signal: services.signal,
      filter,
    });
    return {
      text: documents.map(({ pageContent }) => pageContent).join("\n\n"),
      ...(given.returnSourceDocuments && { sourceDocuments: documents }),
    };
  },
});
