import { openSimulator, type Simulator } from "@sluice/simulator/simulator";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { chain, llm, reply, start } from "../../../test/flows.ts";
import { openSplit, type Split } from "../../../test/split.ts";
import { functionUrlEvent, invoke, restApiEvent, stubLambdaRuntime } from "./lambda-runtime.ts";

let split: Split;
let simulator: Simulator;
let handler: unknown;

beforeAll(async () => {
  simulator = await openSimulator({ ttftMs: 50, tokens: 20, gapMs: 30 });
  split = await openSplit({ apis: 0, workers: 1 });
  stubLambdaRuntime();
  const settings = {
    MODE: "queue",
    DATABASE_URL: split.database.url,
    REDIS_URL: inject("redisUrl"),
    QUEUE_NAME: split.queueName,
    SLUICE_API_KEY: split.key,
    TRUST_PROXY: "1",
    LOG_LEVEL: "fatal",
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  ({ handler } = await import("../src/lambda.ts"));
}, 60_000);
afterAll(async () => {
  await split?.close();
  await simulator?.close();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

const textOf = (stream: string) =>
  [...stream.matchAll(/^data: (.+)$/gm)]
    .map(([, data]) => JSON.parse(data!))
    .filter((event) => event.type === "text.delta")
    .map((event) => event.text)
    .join("");

describe.each([
  ["a function URL", functionUrlEvent],
  ["a REST API", restApiEvent],
])("behind %s", (_, eventOf) => {
  const call = async (
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const authorization = `Bearer ${split.key}`;
    return invoke(
      handler,
      await eventOf({
        method,
        path,
        headers: { authorization, ...headers },
        ...(body !== undefined && { body }),
      }),
    );
  };
  const store = async (graph: object, more: object = {}): Promise<string> => {
    const body = { name: "f", type: "AGENTFLOW", flowData: JSON.stringify(graph), ...more };
    return JSON.parse((await call("POST", "/api/v1/chatflows", { body })).text).id;
  };

  test("a call is answered with its status, headers and body", async () => {
    const ping = await call("GET", "/api/v1/ping");
    expect(ping).toMatchObject({ status: 200, text: "pong" });
    const absent = await call("GET", "/api/v1/chatflows/00000000-0000-4000-8000-000000000000");
    expect(absent.status).toBe(404);
    expect(JSON.parse(absent.text)).toMatchObject({ statusCode: 404, success: false });
    const page = await call("GET", "/api/v1/chatflows?page=1&limit=1");
    expect(JSON.parse(page.text)).toMatchObject({ data: expect.any(Array) });
  });

  test("a prediction goes to a worker and its answer comes back", async () => {
    const id = await store(chain(start(), reply("hello from a worker")));
    const answer = await call("POST", `/api/v1/prediction/${id}`, { body: { question: "hi" } });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).text).toBe("hello from a worker");
  });

  test("tokens are streamed as they come", async () => {
    const id = await store(chain(start(), llm(simulator)));
    const body = { question: "hi", streaming: true };
    const answer = await call("POST", `/api/v1/prediction/${id}`, { body });
    expect(answer.headers["content-type"]).toContain("text/event-stream");
    const tokens = answer.pieces.filter((piece) => piece.text.includes('"token"'));
    expect(tokens.length).toBeGreaterThan(3);
    expect(tokens.at(-1)!.atMs - tokens[0]!.atMs).toBeGreaterThan(200);
    expect(answer.text).toContain('"event":"end"');
  });

  test("an accepted prediction's stream goes on after the last id that its reader has", async () => {
    const flowId = await store(chain(start(), llm(simulator)));
    const accepted = await call("POST", "/v1/predictions", { body: { flowId, question: "hi" } });
    expect(accepted.status).toBe(202);
    const path = `/v1/predictions/${JSON.parse(accepted.text).id}/stream`;
    const whole = await call("GET", path);
    const ids = [...whole.text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id!);
    expect(ids.length).toBeGreaterThan(3);
    const rest = await call("GET", path, { headers: { "last-event-id": ids[1]! } });
    expect(rest.text).not.toContain(`id: ${ids[0]}\n`);
    expect(rest.text).not.toContain(`id: ${ids[1]}\n`);
    expect(textOf(rest.text)).toBe(textOf(whole.text));
  });

  test("limits count the address that the gateway names, whatever the caller writes", async () => {
    const rateLimit = { status: true, limitMax: 1, limitDuration: 60, limitMsg: "slowly" };
    const apiConfig = JSON.stringify({ rateLimit });
    const id = await store(chain(start(), reply("x")), { apiConfig });
    const ask = (from: string) =>
      call("POST", `/api/v1/prediction/${id}`, {
        body: { question: "hi" },
        headers: { "x-forwarded-for": from },
      });
    expect((await ask("192.0.2.1")).status).toBe(200);
    expect((await ask("192.0.2.2")).status).toBe(429);
  });
});
