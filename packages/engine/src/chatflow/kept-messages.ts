import { z } from "zod";
import type { HistoryMessage } from "../event.ts";

const Kept = z.object({
  type: z.string(),
  data: z.looseObject({
    content: z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]),
  }),
});
const roles: Record<string, string> = { human: "user", ai: "assistant", system: "system" };

/** What LangChain's memories keep of an exchange, so that other programs read it. */
export const keptMessages = (question: string, answer: string): [string, string] => [
  keptMessage("human", question),
  keptMessage("ai", answer),
];

const keptMessage = (type: string, content: string) =>
  JSON.stringify({ type, data: { content, additional_kwargs: {}, response_metadata: {} } });

/** The message in such a text; nothing where it holds none that a model is told. */
export function readKept(text: string): HistoryMessage[] {
  const kept = Kept.safeParse(parsed(text)).data;
  const role = kept && Object.hasOwn(roles, kept.type) ? roles[kept.type] : undefined;
  if (!kept || !role) return [];
  const { content } = kept.data;
  const said =
    typeof content === "string" ? content : content.map((one) => one.text ?? "").join("");
  return [{ role, content: said }];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
