import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ask, call, type Reply, stream, until } from "./client.ts";
import { chain, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

const limited = (rateLimit: object) => ({ apiConfig: JSON.stringify({ rateLimit }) });
const five = { status: true, limitMax: 5, limitDuration: 60, limitMsg: "Slow down" };
const graph = chain(start(), reply("ok"));
const statuses = (replies: Reply[]) => replies.map(({ status }) => status).sort();

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  let urls: string[] = [];
  beforeAll(async () => {
    const env = { TRUST_PROXY: "1" };
    split = await openSplit({ mode, apis: mode === "queue" ? 2 : 1, env });
    urls = split.apis.map(({ url }) => url);
  });
  afterAll(() => split?.close());
  const asked = (flow: string, i: number, ip = "192.0.2.1") =>
    ask(urls[i % urls.length]!, flow, { question: "x" }, { headers: { "x-forwarded-for": ip } });

  test("exactly as many pass in a window as the flow allows, however they are spread", async () => {
    const flow = await store(split, graph, limited(five));
    const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => asked(flow, i)));
    expect(statuses(replies)).toEqual([...Array(5).fill(200), ...Array(15).fill(429)]);
    expect((await asked(flow, 0, "192.0.2.2")).status).toBe(200);
  });

  test("who is refused learns why and when to come back", async () => {
    const flow = await store(
      split,
      graph,
      limited({ ...five, limitMax: "1", limitDuration: "30" }),
    );
    const first = await asked(flow, 0);
    expect(Object.fromEntries(first.headers)).toMatchObject({
      "ratelimit-policy": "1;w=30",
      "ratelimit-limit": "1",
      "ratelimit-remaining": "0",
    });
    expect(first.headers.get("retry-after")).toBeNull();
    const refused = await asked(flow, 1);
    expect([refused.status, refused.text]).toEqual([429, "Slow down"]);
    expect(refused.headers.get("content-type")).toMatch(/^text\/html/);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(25);
    expect(wait).toBeLessThanOrEqual(30);
    expect(Number(refused.headers.get("ratelimit-reset"))).toBe(wait);
  });

  test("a stream counts like any other call and carries the same headers", async () => {
    const flow = await store(split, graph, limited({ ...five, limitMax: 1 }));
    const headers = { "x-forwarded-for": "192.0.2.3" };
    const first = await stream(urls[0]!, flow, { question: "x" }, { headers });
    expect((await first.ended).at(-1)?.event).toBe("end");
    expect(first.headers.get("ratelimit-remaining")).toBe("0");
    const second = await stream(urls.at(-1)!, flow, { question: "x" }, { headers });
    expect([second.status, second.text]).toEqual([429, "Slow down"]);
  });

  test("a window ends, and with it what was counted", async () => {
    const flow = await store(split, graph, limited({ ...five, limitMax: 2, limitDuration: 1 }));
    const burst = () => Promise.all([0, 1, 2, 3].map((i) => asked(flow, i)));
    expect(statuses(await burst())).toEqual([200, 200, 429, 429]);
    await delay(1100);
    expect(statuses(await burst())).toEqual([200, 200, 429, 429]);
  });

  test("a limit that is changed or switched off holds on every replica within a second", async () => {
    const flow = await store(split, graph, limited({ ...five, limitMax: 1 }));
    const change = (rateLimit: object) =>
      call(urls[0]!, "PUT", `/chatflows/${flow}`, { body: limited(rateLimit), key: split.key });
    for (const i of [0, 1]) await asked(flow, i);
    expect(statuses([await asked(flow, 0), await asked(flow, 1)])).toEqual([429, 429]);
    await change({ ...five, status: false });
    await until(
      async () =>
        (await Promise.all(urls.map((_, i) => asked(flow, i)))).every((r) => r.status === 200),
      1000,
    );
    await change({ ...five, limitMax: 1, limitMsg: "Again" });
    await until(
      async () =>
        (await Promise.all(urls.map((_, i) => asked(flow, i)))).every((r) => r.text === "Again"),
      1000,
    );
  });

  test("a limit that lacks a part is none", async () => {
    for (const part of ["limitMax", "limitDuration", "limitMsg"]) {
      const flow = await store(split, graph, limited({ ...five, limitMax: 1, [part]: "" }));
      expect(statuses([await asked(flow, 0), await asked(flow, 1)])).toEqual([200, 200]);
    }
  });
});

test("without a trusted proxy a caller cannot choose the address that is counted", async () => {
  const split = await openSplit({ mode: "main" });
  onTestFinished(() => split.close());
  const flow = await store(split, graph, limited({ ...five, limitMax: 1 }));
  const as = (ip: string) =>
    ask(split.url, flow, { question: "x" }, { headers: { "x-forwarded-for": ip } });
  expect((await as("192.0.2.1")).status).toBe(200);
  expect((await as("192.0.2.2")).status).toBe(429);
});
