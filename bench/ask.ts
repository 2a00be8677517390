import { type Agent, type IncomingMessage, request } from "node:http";
import type { Wire } from "./wire.ts";

export interface Asked {
  url: URL;
  agent: Agent;
  wire: Wire;
  question: string;
  rid: string;
  stream: boolean;
  timeoutMs: number;
}

export interface Reply {
  /** Undefined when all went well. */
  error: string | undefined;
  text: string;
  latencyMs: number;
  firstTokenMs: number | undefined;
}

/** Puts one question and reads the answer to its end. Never rejects, and always ends. */
export function ask(asked: Asked): Promise<Reply> {
  const { url, agent, wire, question, rid, stream } = asked;
  const body = JSON.stringify(wire.body(question, rid, stream));
  const startedAt = performance.now();
  const reply: Reply = { error: undefined, text: "", latencyMs: 0, firstTokenMs: undefined };
  return new Promise((resolve) => {
    const outgoing = request({
      host: url.hostname,
      port: url.port,
      path: wire.path,
      method: "POST",
      agent,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
    });
    const timer = setTimeout(() => {
      finish("timeout");
      outgoing.destroy();
    }, asked.timeoutMs);
    let finished = false;
    const finish = (error?: string) => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      reply.latencyMs = performance.now() - startedAt;
      reply.error = error;
      resolve(reply);
    };
    outgoing.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    outgoing.once("response", (response) => {
      response.setEncoding("utf8");
      response.once("error", () => finish("cut off"));
      response.once("close", () => finish("cut off"));
      if (stream && response.statusCode === 200)
        readStream(response, wire, reply, startedAt, finish);
      else readAnswer(response, wire, reply, question, finish);
    });
    outgoing.end(body);
  });
}

function readStream(
  response: IncomingMessage,
  wire: Wire,
  reply: Reply,
  startedAt: number,
  finish: (error?: string) => void,
): void {
  let rest = "";
  let ended = false;
  let failure: string | undefined;
  response.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const piece = wire.read(line.slice(5).trimStart());
      if (piece.token !== undefined) {
        reply.firstTokenMs ??= performance.now() - startedAt;
        reply.text += piece.token;
      }
      if (piece.ended) ended = true;
      if (piece.error !== undefined) failure = piece.error.slice(0, 100);
    }
  });
  response.once("end", () => finish(failure ?? (ended ? undefined : "no end event")));
}

function readAnswer(
  response: IncomingMessage,
  wire: Wire,
  reply: Reply,
  question: string,
  finish: (error?: string) => void,
): void {
  let body = "";
  response.on("data", (chunk: string) => {
    body += chunk;
  });
  response.once("end", () => {
    if (response.statusCode !== 200) return finish(`${response.statusCode} ${body.slice(0, 100)}`);
    try {
      const text = wire.text(JSON.parse(body), question);
      if (text === undefined) return finish("another question's answer");
      reply.text = text;
      finish();
    } catch {
      finish("not JSON");
    }
  });
}
