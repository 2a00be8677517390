import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { openGuardedFetch } from "../http/open-guarded-fetch.ts";
import type { ChatModel, ModelRequest } from "../model.ts";
import { loadChatModel } from "./registry.ts";

export type Reply = (response: ServerResponse) => void;

export interface ReceivedRequest {
  path: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it at will
  body: any;
  closedEarly: boolean;
}

/** A provider for one test: the n-th request gets the n-th reply, over real HTTP on the loopback. */
export async function scriptedProvider(...replies: Reply[]) {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    request.setEncoding("utf8");
    let text = "";
    request.on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => {
      const { url = "", headers } = request;
      const received = { path: url, headers, body: text && JSON.parse(text), closedEarly: false };
      response.on("close", () => {
        received.closedEarly = !response.writableEnded;
      });
      requests.push(received);
      (replies[requests.length - 1] ?? json({ error: { message: "nothing left" } }, 400))(response);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: ["127.0.0.1"] });
  onTestFinished(() => {
    fetch.close();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, fetch };
}

type Provider = Awaited<ReturnType<typeof scriptedProvider>>;

export async function modelAt(
  provider: Provider,
  component: string,
  inputs: Record<string, unknown>,
  credential: Record<string, string> = {},
): Promise<ChatModel> {
  const { url, fetch } = provider;
  const baseUrls = {
    openai: url,
    azure: url,
    anthropic: url,
    gemini: url,
    mistral: url,
    groq: url,
    ollama: url,
  };
  return (await loadChatModel(component)).create({ inputs, credential, fetch, baseUrls });
}

/** Asks with a stream and returns the answer with the deltas as they came. */
export async function streamed(model: ChatModel, request: Partial<ModelRequest> = {}) {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const answer = await model.generate({
    messages: [{ role: "user", content: "Hi" }],
    signal: new AbortController().signal,
    onText: (text) => texts.push(text),
    onReasoning: (text) => thoughts.push(text),
    ...request,
  });
  return { ...answer, texts, thoughts };
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Reply =>
  (response) =>
    response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify(body));

/** Server-sent events; `"cut"` loses the connection and `"hold"` leaves it open there. */
export const sse =
  (...events: unknown[]): Reply =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of events) {
      if (event === "hold") return;
      if (event === "cut") {
        setTimeout(() => response.destroy(), 20);
        return;
      }
      response.write(`data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`);
    }
    response.end();
  };

export const ndjson =
  (...lines: unknown[]): Reply =>
  (response) =>
    response.writeHead(200).end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
