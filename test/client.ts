import { setTimeout as delay } from "node:timers/promises";

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare what came with what is expected
  json: any;
}

export interface CallOptions {
  body?: unknown;
  key?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/** One HTTP call below `/api/v1`, which fails after its deadline: no test waits for ever. */
export async function call(
  url: string,
  method: string,
  path: string,
  { body, key, headers = {}, timeoutMs = 10_000 }: CallOptions = {},
): Promise<Reply> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(key && { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Puts a question and takes the answer as JSON. */
export const ask = (url: string, flowId: string, body: unknown, options: CallOptions = {}) =>
  call(url, "POST", `/prediction/${flowId}`, { ...options, body });

export interface FlowiseEvent {
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare what came with what is expected
  data: any;
  id?: string;
}

export interface Stream {
  status: number;
  headers: Headers;
  events: FlowiseEvent[];
  /** Body of a reply that is not a stream. */
  text: string;
  /** Resolves once an event of this kind has come. */
  seen(matches: (event: FlowiseEvent) => boolean, timeoutMs?: number): Promise<void>;
  /** Resolves when the server has closed the stream. */
  ended: Promise<FlowiseEvent[]>;
  leave(): void;
}

/** Puts a question and reads Flowise's stream, frame by frame. */
export async function stream(
  url: string,
  flowId: string,
  body: object,
  { headers = {}, timeoutMs = 15_000 }: Pick<CallOptions, "headers" | "timeoutMs"> = {},
): Promise<Stream> {
  const leave = new AbortController();
  const response = await fetch(`${url}/api/v1/prediction/${flowId}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ streaming: true, ...body }),
    signal: AbortSignal.any([leave.signal, AbortSignal.timeout(timeoutMs)]),
  });
  const events: FlowiseEvent[] = [];
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const ended = isStream ? readFrames(response, events) : Promise.resolve(events);
  ended.catch(() => {});
  return {
    status: response.status,
    headers: response.headers,
    events,
    text: isStream ? "" : await response.text(),
    async seen(matches, seenMs = 10_000) {
      await until(
        () => events.some(matches),
        seenMs,
        () => JSON.stringify(events),
      );
    },
    ended,
    leave: () => leave.abort(),
  };
}

async function readFrames(response: Response, events: FlowiseEvent[]): Promise<FlowiseEvent[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const frames = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) if (!frame.startsWith(":")) events.push(readFrame(frame));
  }
  if (rest) throw new Error(`The stream ended inside a frame: ${rest}`);
  return events;
}

function readFrame(frame: string): FlowiseEvent {
  const match = /^message:\n(?:id:(\S+)\n)?data:([^\n]+)$/.exec(frame);
  if (!match) throw new Error(`Not a frame of Flowise's: ${JSON.stringify(frame)}`);
  return { ...JSON.parse(match[2] ?? ""), ...(match[1] && { id: match[1] }) };
}

export const textOf = (events: FlowiseEvent[]): string =>
  events
    .filter(({ event }) => event === "token")
    .map(({ data }) => data)
    .join("");

/** Waits until something holds, and fails when it does not in time. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  timeoutMs: number,
  otherwise: () => string = () => "",
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain ${otherwise()}`);
    await delay(20);
  }
}
