import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call, stream, until } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await openSimulator();
});
afterAll(() => simulator?.close());

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  let flow: string;
  beforeAll(async () => {
    // One at a time, so that a second one waits.
    const env = { WORKER_CAPACITY: "1", WORKER_CONCURRENCY: "1", MAIN_CAPACITY: "1" };
    split = await openSplit({ mode, apis: mode === "queue" ? 2 : 1, env });
    flow = await store(split, chain(start(), llm({ url: simulator.url })));
  });
  afterAll(() => split?.close());
  const abort = (chatId: string) =>
    call(split.apis.at(-1)!.url, "PUT", `/chatmessage/abort/${flow}/${chatId}`);
  // biome-ignore lint/suspicious/noExplicitAny: tests compare what came with what is expected
  const native = async (method: string, path: string, body?: object): Promise<any> => {
    const response = await fetch(`${split.apis.at(-1)!.url}/v1/predictions${path}`, {
      method,
      headers: { authorization: `Bearer ${split.key}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    return response.json();
  };
  const openOf = async (chatId: string) =>
    (await native("GET", `?state=queued&chatId=${chatId}`)).data;
  const kinds = (events: { event: string }[]) => events.slice(-2).map(({ event }) => event);

  test("a stream that is canceled leaves the model at once and ends in words", async () => {
    const chatId = `${randomUUID()} with a space`;
    const before = simulator.stats().aborted;
    const body = { question: "rid=c [[n=1000 gap=20]]", chatId };
    const streamed = await stream(split.url, flow, body);
    await streamed.seen(({ event }) => event === "token");
    const aborted = await abort(encodeURIComponent(chatId));
    expect(aborted.json).toEqual({ status: 200, message: "Chat message aborted" });
    await until(() => simulator.stats().aborted === before + 1, 500);
    const events = await streamed.ended;
    expect(kinds(events)).toEqual(["error", "end"]);
    expect(simulator.stats().active).toBe(0);
  });

  test("a call for JSON that is canceled before the model spoke is answered at once", async () => {
    const chatId = randomUUID();
    const before = simulator.stats().aborted;
    const asked = ask(split.url, flow, { question: "[[hang]]", chatId });
    await until(() => simulator.stats().active === 1, 3000);
    await abort(chatId);
    const answer = await asked;
    expect(answer.status).toBe(500);
    expect(answer.json.message).toMatch(/cancel|abort/i);
    expect(simulator.stats().aborted).toBe(before + 1);
  });

  test("what waits is canceled without a call to the model", async () => {
    const before = simulator.stats().requests;
    const running = ask(split.url, flow, { question: "rid=r [[n=20 gap=50]]" });
    await until(() => simulator.stats().requests === before + 1, 3000);
    const chatId = randomUUID();
    const question = "rid=w [[n=5]]";
    const waiting = await stream(split.url, flow, { question, chatId });
    const asked = ask(split.url, flow, { question, chatId });
    const accepted = await native("POST", "", { flowId: flow, question, chatId });
    await until(async () => (await openOf(chatId)).length === 3, 3000);
    await abort(chatId);
    expect(kinds(await waiting.ended)).toEqual(["error", "end"]);
    expect((await asked).json.message).toMatch(/cancel/i);
    // All of it at once, not when a worker gets to it.
    expect(simulator.stats().active).toBe(1);
    expect(await openOf(chatId)).toEqual([]);
    const ids = [waiting.headers.get("x-prediction-id"), accepted.id];
    const states = async () =>
      Promise.all(ids.map(async (id) => (await native("GET", `/${id}`)).state));
    expect(await states()).toEqual(["canceled", "canceled"]);
    expect((await running).status).toBe(200);
    const next = await ask(split.url, flow, { question: "rid=n [[n=1]]" });
    expect(next.status).toBe(200);
    expect(await states()).toEqual(["canceled", "canceled"]);
    expect(simulator.stats().requests).toBe(before + 2);
  });

  test("a cancel by id ends at once what waits, whoever is connected for it", async () => {
    const before = simulator.stats().requests;
    const running = ask(split.url, flow, { question: "rid=r [[n=20 gap=50]]" });
    await until(() => simulator.stats().requests === before + 1, 3000);
    const waiting = await stream(split.url, flow, { question: "rid=w [[n=5]]" });
    const { id } = await native("POST", "", { flowId: flow, question: "rid=w [[n=5]]" });
    for (const each of [waiting.headers.get("x-prediction-id"), id])
      expect((await native("POST", `/${each}/cancel`)).state).toBe("canceled");
    expect(kinds(await waiting.ended)).toEqual(["error", "end"]);
    expect(simulator.stats().active).toBe(1);
    expect((await native("GET", "?state=queued")).data).toEqual([]);
    expect((await running).status).toBe(200);
    expect(simulator.stats().requests).toBe(before + 1);
  });

  test("a cancel ends neither other conversations nor later questions of this one", async () => {
    const chatId = randomUUID();
    await abort(chatId);
    const answer = await ask(split.url, flow, { question: "rid=l [[n=1]]", chatId });
    expect([answer.status, answer.json.text]).toEqual([200, "l:0 "]);
  });
});
