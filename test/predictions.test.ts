import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { stream, until } from "./client.ts";
import { accept, cancel, ended, get, read } from "./faults/native.ts";
import { chain, llm, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

const long = "rid=l [[ttft=1 n=400 gap=50]]";
const short = (rid: string) => `rid=${rid} [[ttft=1 n=3 gap=1]]`;

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  let simulator: Simulator;
  let flow: string;
  /** Another replica, where there can be one. */
  let there: { url: string; key: string };
  beforeAll(async () => {
    // One place: what comes second waits.
    const env = { WORKER_CAPACITY: "1", WORKER_CONCURRENCY: "1", MAIN_CAPACITY: "1" };
    const apis = mode === "queue" ? 2 : 1;
    [split, simulator] = await Promise.all([openSplit({ mode, apis, env }), openSimulator()]);
    there = { url: split.apis.at(-1)!.url, key: split.key };
    flow = await store(split, chain(start(), llm({ url: simulator.url })));
  });
  afterAll(() => Promise.all([split?.close(), simulator?.close()]));

  const call = async (path: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(`${there.url}/v1/predictions${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${there.key}`,
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests compare what came with what is expected
    const json: any = await response.json();
    return { status: response.status, headers: response.headers, json };
  };
  const active = (count: number) => until(() => simulator.stats().active === count, 8000);
  /** The only place is taken until `free` is called. */
  async function busy(): Promise<{ id: string; free(): Promise<unknown> }> {
    const id = await accept(split, flow, { question: long });
    await active(1);
    return { id, free: () => cancel(split, id) };
  }

  test("a prediction is waited for as long as its caller likes, and shown with what was given along", async () => {
    const metadata = { order: 7 };
    const asked = { flowId: flow, question: short("w"), metadata, priority: 2 };
    const whole = await call("", asked, { prefer: "wait=10" });
    expect(whole.status).toBe(200);
    expect(whole.json).toMatchObject({ state: "succeeded", text: "w:0 w:1 w:2 ", metadata });
    expect(whole.headers.get("server-timing")).toMatch(
      /^queue;dur=\d+, run;dur=\d+, total;dur=\d+$/,
    );
    expect(await get(split, whole.json.id)).toEqual(whole.json);
    const early = await call("", { flowId: flow, question: long }, { prefer: "wait=1" });
    expect([early.status, early.json.state]).toEqual([202, "running"]);
    expect(early.headers.get("location")).toBe(`/v1/predictions/${early.json.id}`);
    await cancel(split, early.json.id);
  });

  test("an idempotency key gives the same prediction again, and is refused for another request", async () => {
    const key = { "idempotency-key": "order-1" };
    const asked = { flowId: flow, question: short("i") };
    const before = simulator.stats().requests;
    const first = await call("", asked, { ...key, prefer: "wait=10" });
    const again = await Promise.all([1, 2, 3].map(() => call("", asked, key)));
    for (const { json, headers } of again)
      expect([json.id, headers.get("idempotent-replayed")]).toEqual([first.json.id, "true"]);
    const other = await call("", { ...asked, question: short("j") }, key);
    expect([other.status, other.json.code]).toEqual([409, "conflict"]);
    // Together, too.
    const fresh = { "idempotency-key": "order-2", prefer: "wait=10" };
    const twins = await Promise.all([1, 2, 3, 4].map(() => call("", asked, fresh)));
    expect(new Set(twins.map(({ json }) => json.id)).size).toBe(1);
    expect(simulator.stats().requests - before).toBe(2);
  });

  test("a stream is the same to whoever comes back with any of its ids, also after its end", async () => {
    const id = await accept(split, flow, { question: "rid=s [[ttft=1 n=20 gap=10]]" });
    const live = await read(split, id);
    await live.closed;
    expect(live.complete()).toBe(true);
    for (const [i, entry] of live.entries.slice(0, -1).entries()) {
      const rest = await read(there, id, entry.id);
      await rest.closed;
      const told = new Set(live.entries.slice(i + 1).map((each) => each.id));
      expect(rest.entries.filter((each) => !told.has(each.id))).toEqual([]);
      expect(rest.entries.at(-1)).toEqual(live.entries.at(-1));
    }
    // One who has it all is told the end again, and nothing else.
    const none = await read(there, id, live.last());
    await none.closed;
    expect(none.entries.map(({ type, data }) => [type, data.state, data.status])).toEqual([
      ["prediction.ended", "succeeded", "FINISHED"],
    ]);
  });

  test("what could not begin by its deadline is not started", async () => {
    const { free } = await busy();
    const before = simulator.stats().requests;
    const asked = { flowId: flow, question: short("d"), deadlineSeconds: 3 };
    const late = await call("", asked);
    expect(late.status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 3500));
    await free();
    expect(await ended(split, [late.json.id], 8000)).toEqual(["expired"]);
    expect(simulator.stats().requests).toBe(before);
    expect((await cancel(split, late.json.id)).state).toBe("expired");
  });

  test("of those who wait the one with the lowest priority number goes first", async () => {
    const { free } = await busy();
    const ids: string[] = [];
    for (const priority of [9, 5, 0])
      ids.push(await accept(split, flow, { question: short("p"), priority }));
    await free();
    expect(await ended(split, ids, 8000)).toEqual(ids.map(() => "succeeded"));
    const started = await Promise.all(
      ids.map(async (id) => Date.parse((await get(split, id)).startedAt)),
    );
    expect(started.toSorted((a, b) => b - a)).toEqual(started);
  });

  test("the list has all that wait, run and have ended, page by page, and each once", async () => {
    const own = await store(split, chain(start(), llm({ url: simulator.url })));
    const done = await accept(split, own, { question: short("a") });
    expect(await ended(split, [done], 8000)).toEqual(["succeeded"]);
    const { id: running, free } = await busy();
    const chats = ["c1", "c2", "c3"];
    const streams = [];
    const expected = [done];
    for (const chatId of chats) {
      const one = await stream(split.url, own, { question: short("b"), chatId });
      streams.push(one);
      expected.push(one.headers.get("x-prediction-id") ?? "");
      expected.push(await accept(split, own, { question: short("c"), chatId: `${chatId}-own` }));
    }
    expected.reverse();
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = await call(`?flowId=${own}&limit=2${cursor && `&cursor=${cursor}`}`);
      expect(page.json.data.length).toBeLessThanOrEqual(2);
      seen.push(...page.json.data.map(({ id }: { id: string }) => id));
      cursor = page.json.next ?? "";
    } while (cursor);
    expect(seen).toEqual(expected);
    const listed = async (query: string) =>
      (await call(query)).json.data.map(({ id, state }: { id: string; state: string }) => [
        id,
        state,
      ]);
    expect(await listed(`?flowId=${own}&state=succeeded`)).toEqual([[done, "succeeded"]]);
    expect(await listed("?chatId=c2")).toEqual([[expected[3], "queued"]]);
    expect(await listed(`?flowId=${flow}&state=running`)).toEqual([[running, "running"]]);
    expect((await listed(`?flowId=${own}&state=queued`)).length).toBe(6);
    await free();
    for (const one of streams) await one.ended;
  });
});
