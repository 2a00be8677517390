import { z } from "zod";
import { type Ask, aroundToken, promptTokens, type Reply, type Wire } from "./wire.ts";

const Block = z.looseObject({ type: z.string().optional(), text: z.string().optional() });
const Content = z.union([z.string(), z.array(Block)]).nullish();
const Body = z.looseObject({
  model: z.string().default("simulated"),
  system: Content,
  messages: z.array(z.looseObject({ role: z.string(), content: Content })).default([]),
  stream: z.boolean().nullish(),
  tools: z
    .array(
      z.looseObject({
        name: z.string(),
        input_schema: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .nullish(),
});

const blocksOf = (content: z.infer<typeof Content>) =>
  typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
const textOf = (content: z.infer<typeof Content>) =>
  blocksOf(content)
    .map(({ text }) => text ?? "")
    .join("\n");

/** Anthropic's messages. */
export const anthropic: Wire = {
  matches: (path) => path.endsWith("/messages"),
  read(_path, json) {
    const body = Body.parse(json);
    const offered = body.tools?.[0];
    const isResult = (block: { type?: string | undefined }) => block.type === "tool_result";
    return {
      model: body.model,
      question: textOf(
        body.messages.findLast((m) => m.role === "user" && !blocksOf(m.content).some(isResult))
          ?.content,
      ),
      instructions: textOf(body.system),
      stream: body.stream ?? false,
      tool: offered && { name: offered.name, schema: offered.input_schema ?? {} },
      toolAnswered: body.messages.some(({ content }) => blocksOf(content).some(isResult)),
      usage: true,
    };
  },
  reply: (ask, number) => reply(ask, number),
  error: (status, message) => ({
    type: "error",
    error: { type: status === 429 ? "rate_limit_error" : "api_error", message },
  }),
};

const event = (type: string, data: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

function reply(ask: Ask, number: number): Reply {
  const message = (content: unknown[], reason: string | null, tokens: number) => ({
    id: `msg_${number}`,
    type: "message",
    role: "assistant",
    model: ask.model,
    content,
    stop_reason: reason,
    stop_sequence: null,
    usage: { input_tokens: promptTokens(ask), output_tokens: tokens },
  });
  const start = (content_block: object) =>
    event("message_start", { message: message([], null, 1) }) +
    event("content_block_start", { index: 0, content_block });
  const delta = (part: object) => event("content_block_delta", { index: 0, delta: part });
  const end = (reason: string, tokens: number) =>
    event("content_block_stop", { index: 0 }) +
    event("message_delta", {
      delta: { stop_reason: reason, stop_sequence: null },
      usage: { output_tokens: tokens },
    }) +
    event("message_stop", {});
  const use = (name: string, input: unknown) => ({
    type: "tool_use",
    id: `toolu_${number}`,
    name,
    input,
  });
  return {
    contentType: "text/event-stream",
    head: start({ type: "text", text: "" }),
    token: aroundToken((text) => delta({ type: "text_delta", text })),
    tail: (tokens) => end("end_turn", tokens),
    toolCall: (tool, input) =>
      start(use(tool.name, {})) +
      delta({ type: "input_json_delta", partial_json: JSON.stringify(input) }) +
      end("tool_use", 1),
    whole: (text, tokens) => message([{ type: "text", text }], "end_turn", tokens),
    wholeToolCall: (tool, input) => message([use(tool.name, input)], "tool_use", 1),
  };
}
