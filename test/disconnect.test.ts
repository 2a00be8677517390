import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { stream, until } from "./client.ts";
import { get } from "./faults/native.ts";
import { chain, llm, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

const graceMs = 1000;
const question = "rid=d [[n=400 gap=50]]";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await openSimulator();
});
afterAll(() => simulator?.close());

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  let flow: string;
  let bound: string;
  beforeAll(async () => {
    const env = { DISCONNECT_GRACE_SECONDS: String(graceMs / 1000) };
    split = await openSplit({ mode, apis: mode === "queue" ? 2 : 1, env });
    const graph = chain(start(), llm({ url: simulator.url }));
    const apiConfig = JSON.stringify({ sluice: { onDisconnect: "cancel" } });
    [flow, bound] = await Promise.all([store(split, graph), store(split, graph, { apiConfig })]);
  });
  afterAll(() => split?.close());
  const one = () => split.apis[0]!.url;
  const other = () => split.apis.at(-1)!.url;
  const stateOf = async (id: string) => (await get({ url: other(), key: split.key }, id)).state;
  const auth = () => ({ authorization: `Bearer ${split.key}` });
  const headers = () => ({ ...auth(), "content-type": "application/json" });

  /** Our own stream of a prediction; resolves once it has begun. */
  async function follow(url: string, path: string, body?: object) {
    const leave = new AbortController();
    const response = await fetch(`${url}/v1/predictions${path}`, {
      method: body ? "POST" : "GET",
      headers: { ...headers(), accept: "text/event-stream" },
      ...(body && { body: JSON.stringify(body) }),
      signal: leave.signal,
    });
    await response.body!.getReader().read();
    const id = response.headers.get("x-prediction-id") ?? "";
    return { id, leave: () => leave.abort() };
  }

  async function flowiseStream(id: string, more: Record<string, string> = {}) {
    const streamed = await stream(one(), id, { question }, { headers: more });
    await streamed.seen(({ event }) => event === "token");
    return { id: streamed.headers.get("x-prediction-id") ?? "", leave: streamed.leave };
  }

  test("a run goes on when its caller leaves, as in Flowise", async () => {
    const { id, leave } = await flowiseStream(flow);
    leave();
    await new Promise((resolve) => setTimeout(resolve, 2 * graceMs));
    expect(await stateOf(id)).toBe("running");
    await fetch(`${one()}/v1/predictions/${id}/cancel`, { method: "POST", headers: auth() });
  });

  test("a flow's runs end a moment after their callers have left, where it says so", async () => {
    const before = simulator.stats().aborted;
    const { id, leave } = await flowiseStream(bound);
    const leftAt = Date.now();
    leave();
    await until(() => simulator.stats().aborted === before + 1, graceMs * 5);
    expect(Date.now() - leftAt).toBeGreaterThan(graceMs - 50);
    await until(async () => (await stateOf(id)) === "canceled", 3000);
  });

  test("a caller may say for one run what its flow does not", async () => {
    const ends = await flowiseStream(flow, { "sluice-on-disconnect": "cancel" });
    const goesOn = await flowiseStream(bound, { "sluice-on-disconnect": "continue" });
    ends.leave();
    goesOn.leave();
    await until(async () => (await stateOf(ends.id)) === "canceled", graceMs * 5);
    expect(await stateOf(goesOn.id)).toBe("running");
    await fetch(`${one()}/v1/predictions/${goesOn.id}/cancel`, { method: "POST", headers: auth() });
  });

  test("one who waits for JSON and hangs up ends the run, too", async () => {
    const before = simulator.stats();
    const leave = new AbortController();
    const asked = fetch(`${one()}/api/v1/prediction/${bound}`, {
      method: "POST",
      headers: headers(),
      body: JSON.stringify({ question }),
      signal: leave.signal,
    });
    asked.catch(() => {});
    await until(() => simulator.stats().requests > before.requests, 5000);
    leave.abort();
    await until(() => simulator.stats().aborted === before.aborted + 1, graceMs * 5);
  });

  test("a reader who comes back within the grace, to any replica, keeps the run alive", async () => {
    const body = { flowId: flow, question, onDisconnect: "cancel" };
    const first = await follow(one(), "", body);
    expect(await get({ url: other(), key: split.key }, first.id)).toMatchObject({
      onDisconnect: "cancel",
    });
    first.leave();
    await new Promise((resolve) => setTimeout(resolve, graceMs / 2));
    const again = await follow(other(), `/${first.id}/stream`);
    await new Promise((resolve) => setTimeout(resolve, 2 * graceMs));
    expect(await stateOf(first.id)).toBe("running");
    again.leave();
    await until(async () => (await stateOf(first.id)) === "canceled", graceMs * 5);
  });

  test("one who asked to wait so long, and did, has not left", async () => {
    const response = await fetch(`${one()}/v1/predictions`, {
      method: "POST",
      headers: { ...headers(), prefer: "wait=1" },
      body: JSON.stringify({ flowId: bound, question }),
    });
    const { id } = (await response.json()) as { id: string };
    expect(response.status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 2 * graceMs));
    expect(await stateOf(id)).toBe("running");
    await fetch(`${one()}/v1/predictions/${id}/cancel`, { method: "POST", headers: auth() });
  });
});
