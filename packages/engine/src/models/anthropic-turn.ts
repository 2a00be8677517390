import type { ModelAnswer, ModelRequest } from "../model.ts";
import { addUsage } from "./add-usage.ts";

const maxParts = 8;

/** Asks again while Anthropic pauses a turn in which its own tools take long, and joins the parts to one answer. */
export async function wholeTurn(
  request: ModelRequest,
  ask: (request: ModelRequest) => Promise<ModelAnswer>,
): Promise<ModelAnswer> {
  let answer = await ask(request);
  for (let part = 1; answer.metadata.stop_reason === "pause_turn" && part < maxParts; part++) {
    const { text: content, metadata } = answer;
    const said = { role: "assistant" as const, content, metadata };
    answer = joined(answer, await ask({ ...request, messages: [...request.messages, said] }));
  }
  return answer;
}

function joined(first: ModelAnswer, second: ModelAnswer): ModelAnswer {
  const reasoning = (first.reasoning ?? "") + (second.reasoning ?? "");
  const providerCalls = [...(first.providerCalls ?? []), ...(second.providerCalls ?? [])];
  return {
    ...second,
    text: first.text + second.text,
    ...(reasoning && { reasoning }),
    ...(providerCalls.length > 0 && { providerCalls }),
    ...(first.usage && second.usage && { usage: addUsage(first.usage, second.usage) }),
    metadata: {
      ...second.metadata,
      content_blocks: [...blocksOf(first), ...blocksOf(second)],
    },
  };
}

const blocksOf = ({ metadata, text, toolCalls }: ModelAnswer): unknown[] =>
  (metadata.content_blocks as unknown[] | undefined) ?? [
    ...(text ? [{ type: "text", text }] : []),
    ...toolCalls.map(({ id, name, args }) => ({ type: "tool_use", id, name, input: args })),
  ];
