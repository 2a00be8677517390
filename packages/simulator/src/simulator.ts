import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { answer, type Player, sendJson } from "./answer.ts";
import { embed } from "./embeddings.ts";
import { openPace } from "./pace.ts";
import { noStats, type Stats } from "./stats.ts";
import { anthropic } from "./wire/anthropic.ts";
import { gemini } from "./wire/gemini.ts";
import { openai } from "./wire/openai.ts";

export interface SimulatorOptions {
  /** 0, the default: a free one. */
  port?: number;
  host?: string;
  ttftMs?: number;
  tokens?: number;
  gapMs?: number;
  tickMs?: number;
}

export interface Simulator {
  /** Without `/v1`: OpenAI clients add it, e.g. `basepath: url + "/v1"`. */
  url: string;
  stats(): Stats;
  close(): Promise<void>;
}

const wires = [openai, gemini, anthropic];
const maxBodyBytes = 16 * 1024 * 1024;

/** A model provider that speaks OpenAI's, Gemini's and Anthropic's chat wires at a chosen speed, with chosen faults. */
export async function openSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    port = 0,
    host = "127.0.0.1",
    ttftMs = 50,
    tokens = 50,
    gapMs = 10,
    tickMs = 2,
  } = options;
  const player: Player = {
    stats: noStats(),
    pace: openPace(tickMs),
    defaults: { ttftMs, tokens, gapMs },
  };
  const stats = () => ({
    ...player.stats,
    maxLateMs: Math.round(player.pace.maxLateMs() * 10) / 10,
  });
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (!response.headersSent) sendJson(response, 400, { error: { message: String(error) } });
    });
  });
  server.keepAliveTimeout = 120_000;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (request.method === "GET") {
      if (path === "/stats") return sendJson(response, 200, stats());
      if (path.endsWith("/models")) return sendJson(response, 200, { data: [{ id: "simulated" }] });
      return sendJson(response, 200, { ok: true });
    }
    if (path === "/reset") {
      const { active } = player.stats;
      Object.assign(player.stats, noStats(), { active });
      return sendJson(response, 200, { ok: true });
    }
    const body = JSON.parse(await readBody(request));
    if (path.endsWith("/embeddings")) {
      player.stats.requests += 1;
      player.stats.embeddings += 1;
      return sendJson(response, 200, embed(body));
    }
    const wire = wires.find((each) => each.matches(path));
    if (!wire) return sendJson(response, 404, { error: { message: `No such path: ${path}` } });
    answer(wire, wire.read(path, body), response, player);
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // The benchmark opens thousands of connections at once.
    server.listen({ port, host, backlog: 4096 }, resolve);
  });
  const address = server.address();
  const listening = typeof address === "object" ? address?.port : port;
  return {
    url: `http://${host}:${listening}`,
    stats,
    close: () =>
      new Promise((resolve) => {
        player.pace.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error("The body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
