import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json, type Reply, sse } from "../packages/engine/src/models/scripted-provider.ts";

/** What a model says next: words, a call of a tool, or the fields of the structure it was asked for. */
export type Turn = { text: string } | { call: string; args: object } | { fields: object };

// biome-ignore lint/suspicious/noExplicitAny: a request of a provider, to be looked into at will
type Body = any;

export interface Asked {
  path: string;
  body: Body;
}

/**
 * Model providers of the OpenAI, Anthropic and Gemini wires on one address. A path in `fixed` has a reply of its own;
 * every other request takes the next turn that was `say`d, in the words of the wire it came over.
 */
export async function openScriptedModels(fixed: Record<string, (body: Body) => Reply> = {}) {
  const turns: Turn[] = [];
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const text = (await request.toArray()).join("");
    const path = (request.url ?? "").split("?")[0] ?? "";
    const body = text ? JSON.parse(text) : {};
    const own = Object.keys(fixed).find((end) => path.endsWith(end));
    if (own) return fixed[own]!(body)(response);
    asked.push({ path, body });
    answer(path, body, turns.shift(), response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Model requests so far; taken out. */
    taken: () => asked.splice(0),
    /** Turns that nobody asked for; taken out. */
    left: () => turns.splice(0).length,
    say: (...more: Turn[]) => void turns.push(...more),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(path: string, body: Body, turn: Turn | undefined, response: ServerResponse) {
  if (!turn) return json({ error: { message: "nothing left to say" } }, 400)(response);
  const reply = path.endsWith("/messages")
    ? anthropic
    : /generateContent$/i.test(path)
      ? gemini
      : openai;
  const words = "fields" in turn ? { call: offered(body), args: turn.fields } : turn;
  reply(body, words, path)(response);
}

type Words = Exclude<Turn, { fields: object }>;

/** The function that the model has to call to answer in a structure. */
const offered = ({ tools }: Body): string =>
  tools[0].function?.name ?? tools[0].name ?? tools[0].functionDeclarations[0].name;

function openai({ stream }: Body, words: Words): Reply {
  const message =
    "call" in words
      ? { tool_calls: [{ index: 0, id: "call_1", type: "function", function: called(words) }] }
      : { content: words.text };
  const finish_reason = "call" in words ? "tool_calls" : "stop";
  if (!stream) return json({ choices: [{ message, finish_reason }] });
  return sse({ choices: [{ delta: message, finish_reason }] }, "[DONE]");
}

const called = ({ call, args }: Extract<Words, { call: string }>) => ({
  name: call,
  arguments: JSON.stringify(args),
});

function anthropic(_: Body, words: Words): Reply {
  const isCall = "call" in words;
  const block = isCall
    ? { type: "tool_use", id: "toolu_1", name: words.call, input: {} }
    : { type: "text", text: "" };
  const delta = isCall
    ? { type: "input_json_delta", partial_json: JSON.stringify(words.args) }
    : { type: "text_delta", text: words.text };
  return sse(
    { type: "message_start", message: { id: "msg_1", usage: { input_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: isCall ? "tool_use" : "end_turn" },
      usage: { output_tokens: 1 },
    },
    { type: "message_stop" },
  );
}

function gemini(_: Body, words: Words, path: string): Reply {
  const part =
    "call" in words
      ? { functionCall: { name: words.call, args: words.args } }
      : { text: words.text };
  const body = { candidates: [{ content: { parts: [part] }, finishReason: "STOP" }] };
  return path.includes("stream") ? sse(body) : json(body);
}
