import type { GuardedFetch } from "../http/guarded-fetch.ts";
import type { ChatModel, ModelAnswer, ModelRequest } from "../model.ts";
import { withStructured } from "./answer.ts";
import { type CitedFile, responsesAnswer } from "./openai-responses-answer.ts";
import { responsesInput, responsesTools } from "./openai-responses-request.ts";
import { postToProvider } from "./provider-request.ts";
import { withRetry } from "./retry.ts";
import { readSse } from "./sse.ts";

export interface ResponsesWire {
  base: string;
  fetch: GuardedFetch;
  headers: Record<string, string>;
  params: Record<string, unknown>;
  streaming: boolean;
  timeoutMs?: number | undefined;
}

const maxFiles = 10;
const maxFileBytes = 20_000_000;

/** A model that asks through OpenAI's Responses API where the provider's own tools are wanted: only that one has them. */
export const withResponses = (model: ChatModel, wire: ResponsesWire): ChatModel => ({
  ...model,
  generate: (request) =>
    request.providerTools?.length
      ? withRetry(request, (each) => generate(wire, each))
      : model.generate(request),
});

async function generate(wire: ResponsesWire, request: ModelRequest): Promise<ModelAnswer> {
  const { signal, onText, onReasoning } = request;
  const stream = wire.streaming && Boolean(onText || onReasoning);
  const { include, ...params } = wire.params as { include?: string[] };
  const runsCode = request.providerTools?.some(({ type }) => type === "code_interpreter");
  const response = await postToProvider(wire.fetch, {
    url: `${wire.base}/responses`,
    headers: wire.headers,
    body: {
      ...params,
      input: responsesInput(request.messages),
      ...responsesTools(request),
      include: [...(include ?? []), ...(runsCode ? ["code_interpreter_call.outputs"] : [])],
      store: false,
      stream,
    },
    signal,
    timeoutMs: wire.timeoutMs,
  });
  const answer = responsesAnswer(request);
  if (stream) await readSse(response, signal, answer.takeEvent);
  else answer.takeWhole(await response.json());
  const { cited, ...said } = answer.finish();
  const files = await Promise.all(
    cited.slice(0, maxFiles).map((file) => download(wire, file, signal)),
  );
  const found = files.filter((file) => file !== undefined);
  return withStructured({ ...said, ...(found.length > 0 && { files: found }) }, request);
}

/** The content of a file that code made; containers live for minutes, so one that is gone is left out. */
async function download(
  { base, fetch, headers }: ResponsesWire,
  { containerId, fileId, name }: CitedFile,
  signal: AbortSignal,
) {
  const path = [containerId, "files", fileId, "content"].map(encodeURIComponent).join("/");
  try {
    const response = await fetch(`${base}/containers/${path}`, {
      headers,
      signal,
      timeoutMs: 60_000,
      maxBytes: maxFileBytes,
    });
    const bytes = await response.bytes();
    if (response.status !== 200) return undefined;
    return { name, base64: bytes.toString("base64"), link: `sandbox:/mnt/data/${name}` };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return undefined;
    throw error;
  }
}
