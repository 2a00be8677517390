import { joinedText } from "../retrieval/load-text.ts";
import type { Retriever } from "../retrieval/retriever.ts";
import type { ChatNodeRun } from "./chat-node.ts";

/** The output that an author chose: the retriever, or what it finds for a query (else the question), as documents or text. */
export async function retrieverOutput(
  retriever: Retriever,
  query: string,
  { output, question, services }: Pick<ChatNodeRun, "output" | "question" | "services">,
): Promise<unknown> {
  if (output !== "document" && output !== "text") return retriever;
  const found = await retriever.retrieve(query || question, { signal: services.signal });
  return output === "text" ? joinedText(found) : found;
}
