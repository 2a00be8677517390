import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { openRedis } from "../packages/core/src/redis/open-redis.ts";
import { redisSettings } from "../packages/core/src/redis/redis-settings.ts";
import { CommonSettings } from "../packages/core/src/settings.ts";

export interface RestBridge {
  url: string;
  token: string;
  /** Names of all commands that came, in order. */
  commands: string[];
  /** Closes every call unanswered, until restored. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

type Reply = { result: unknown } | { error: string };
type Run = () => Promise<unknown>;

/** Upstash's REST API over a real Redis: one command, `/pipeline`, `/multi-exec`, base64 where it is asked for. */
export async function openRestBridge(redisUrl: string): Promise<RestBridge> {
  const settings = redisSettings(CommonSettings.parse({ REDIS_URL: redisUrl }));
  const redis = openRedis(settings, "consumer", { warn: () => {} });
  const token = "the token of this test";
  const commands: string[] = [];
  let isCut = false;

  const call = ([name = "", ...args]: string[]) => {
    commands.push(name.toLowerCase());
    return redis.call(name, ...args.map(String));
  };
  async function answer(request: IncomingMessage): Promise<[status: number, body: unknown]> {
    if (request.headers.authorization !== `Bearer ${token}`)
      return [401, { error: "WRONGPASS invalid or missing auth token" }];
    if (request.method !== "POST") return [405, { error: "ERR only POST is served here" }];
    const body = await readJson(request);
    const many = /^\/(pipeline|multi-exec)$/.exec(request.url ?? "")?.[1];
    if (!isCommands(many ? body : [body])) return [400, { error: "ERR failed to parse command" }];
    if (!many) {
      const reply = await outcome(() => call(body as string[]));
      return ["error" in reply ? 400 : 200, reply];
    }
    const list = body as string[][];
    if (many === "pipeline")
      return [200, await Promise.all(list.map((each) => outcome(() => call(each))))];
    const multi = redis.multi();
    for (const [name = "", ...args] of list) {
      commands.push(name.toLowerCase());
      multi.call(name, ...args.map(String));
    }
    const replies = await outcome(() => multi.exec());
    if ("error" in replies) return [400, replies];
    const pairs = replies.result as [Error | null, unknown][];
    return [200, pairs.map(([error, result]) => (error ? { error: error.message } : { result }))];
  }

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    if (isCut) return request.socket.destroy();
    const [status, body] = await answer(request);
    const encodes = request.headers["upstash-encoding"] === "base64";
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify(encodes ? withResults(body, encoded) : body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    commands,
    cut() {
      isCut = true;
      server.closeAllConnections();
    },
    restore() {
      isCut = false;
    },
    async close() {
      redis.disconnect();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const outcome = (run: Run): Promise<Reply> =>
  run().then(
    (result) => ({ result }),
    (error: Error) => ({ error: error.message }),
  );

const isCommands = (body: unknown): body is string[][] =>
  Array.isArray(body) && body.every((each) => Array.isArray(each) && each.length > 0);

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

function withResults(body: unknown, change: (result: unknown) => unknown): unknown {
  if (Array.isArray(body)) return body.map((each) => withResults(each, change));
  const reply = body as Reply;
  return "result" in reply ? { result: change(reply.result) } : reply;
}

/** Texts only, at any depth; a plain OK stays readable. */
function encoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encoded);
  if (typeof value !== "string" || value === "OK") return value;
  return Buffer.from(value).toString("base64");
}
