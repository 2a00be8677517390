import { z } from "zod";
import {
  type Ask,
  aroundToken,
  promptTokens,
  type Reply,
  sse,
  type Tool,
  type Wire,
} from "./wire.ts";

const Content = z
  .union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))])
  .nullish();
const Body = z.looseObject({
  model: z.string().default("simulated"),
  messages: z.array(z.looseObject({ role: z.string(), content: Content })).default([]),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z
    .array(
      z.looseObject({
        function: z.looseObject({
          name: z.string(),
          parameters: z.record(z.string(), z.unknown()).nullish(),
        }),
      }),
    )
    .nullish(),
});

const textOf = (content: z.infer<typeof Content>) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join(" ");

/** OpenAI's chat completions, which Azure, Groq, Mistral and many others speak too. */
export const openai: Wire = {
  matches: (path) => path.endsWith("/chat/completions"),
  read(_path, json) {
    const body = Body.parse(json);
    const system = body.messages.filter(({ role }) => role === "system" || role === "developer");
    const offered = body.tools?.[0]?.function;
    return {
      model: body.model,
      question: textOf(body.messages.findLast(({ role }) => role === "user")?.content),
      instructions: system.map(({ content }) => textOf(content)).join("\n"),
      stream: body.stream ?? false,
      tool: offered && { name: offered.name, schema: offered.parameters ?? {} },
      toolAnswered: body.messages.some(({ role }) => role === "tool"),
      usage: body.stream_options?.include_usage ?? false,
    };
  },
  reply: (ask, number) => reply(ask, number),
  error: (status, message) => ({
    error: { message, type: status === 429 ? "rate_limit" : "simulated", param: null, code: null },
  }),
};

function reply(ask: Ask, number: number): Reply {
  const base = {
    id: `chatcmpl-${number}`,
    created: Math.floor(Date.now() / 1000),
    model: ask.model,
  };
  const chunk = (delta: unknown, reason: string | null = null) =>
    sse({
      ...base,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, finish_reason: reason }],
    });
  const usage = (tokens: number) => ({
    prompt_tokens: promptTokens(ask),
    completion_tokens: tokens,
    total_tokens: promptTokens(ask) + tokens,
  });
  const counts = (tokens: number) =>
    sse({ ...base, object: "chat.completion.chunk", choices: [], usage: usage(tokens) });
  const end = (tokens: number) => `${ask.usage ? counts(tokens) : ""}data: [DONE]

`;
  const call = (tool: Tool, input: unknown) => ({
    id: `call_${number}`,
    type: "function",
    function: { name: tool.name, arguments: JSON.stringify(input) },
  });
  const whole = (message: object, reason: string, tokens: number) => ({
    ...base,
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: reason }],
    usage: usage(tokens),
  });
  return {
    contentType: "text/event-stream",
    head: chunk({ role: "assistant", content: "" }),
    token: aroundToken((content) => chunk({ content })),
    tail: (tokens) => chunk({}, "stop") + end(tokens),
    toolCall: (tool, input) =>
      chunk({ tool_calls: [{ index: 0, ...call(tool, input) }] }) +
      chunk({}, "tool_calls") +
      end(1),
    whole: (content, tokens) => whole({ content }, "stop", tokens),
    wholeToolCall: (tool, input) =>
      whole({ content: null, tool_calls: [call(tool, input)] }, "tool_calls", 1),
  };
}
