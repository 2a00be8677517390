import { z } from "zod";
import { type Ask, aroundToken, promptTokens, type Reply, sse, type Wire } from "./wire.ts";

const Part = z.looseObject({
  text: z.string().optional(),
  functionResponse: z.unknown().optional(),
});
const Content = z.looseObject({ role: z.string().optional(), parts: z.array(Part).default([]) });
const Declaration = z.looseObject({
  name: z.string(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});
const Body = z.looseObject({
  contents: z.array(Content).default([]),
  systemInstruction: z.union([Content, z.string()]).nullish(),
  tools: z.array(z.looseObject({ functionDeclarations: z.array(Declaration).nullish() })).nullish(),
});

const textOf = (content: z.infer<typeof Content> | string | null | undefined) =>
  typeof content === "string"
    ? content
    : (content?.parts ?? []).map(({ text }) => text ?? "").join("\n");

/** Google's Gemini: `/v1beta/models/<model>:streamGenerateContent?alt=sse`. */
export const gemini: Wire = {
  matches: (path) => /:(stream)?generateContent$/i.test(path),
  read(path, json) {
    const body = Body.parse(json);
    const offered = body.tools?.flatMap((tool) => tool.functionDeclarations ?? [])[0];
    const spoken = body.contents.filter(({ parts }) =>
      parts.some(({ text }) => text !== undefined),
    );
    return {
      model: /models\/([^:]+):/.exec(path)?.[1] ?? "simulated",
      question: textOf(spoken.findLast(({ role }) => role !== "model")),
      instructions: textOf(body.systemInstruction),
      stream: path.includes(":stream"),
      tool: offered && { name: offered.name, schema: offered.parameters ?? {} },
      toolAnswered: body.contents.some(({ parts }) => parts.some((part) => part.functionResponse)),
      usage: true,
    };
  },
  reply: (ask) => reply(ask),
  error: (code, message) => ({ error: { code, message, status: "SIMULATED" } }),
};

function reply(ask: Ask): Reply {
  const answer = (parts: unknown[], rest: object = {}, tokens?: number) => ({
    candidates: [{ content: { role: "model", parts }, index: 0, ...rest }],
    ...(tokens !== undefined && {
      usageMetadata: {
        promptTokenCount: promptTokens(ask),
        candidatesTokenCount: tokens,
        totalTokenCount: promptTokens(ask) + tokens,
      },
    }),
    modelVersion: ask.model,
  });
  const call = (name: string, args: unknown) =>
    answer([{ functionCall: { name, args } }], { finishReason: "STOP" }, 1);
  return {
    contentType: "text/event-stream",
    head: "",
    token: aroundToken((text) => sse(answer([{ text }]))),
    tail: (tokens) => sse(answer([{ text: "" }], { finishReason: "STOP" }, tokens)),
    toolCall: (tool, input) => sse(call(tool.name, input)),
    whole: (text, tokens) => answer([{ text }], { finishReason: "STOP" }, tokens),
    wholeToolCall: (tool, input) => call(tool.name, input),
  };
}
