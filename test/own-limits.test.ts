import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ask, call, type Reply, until } from "./client.ts";
import { chain, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

const graph = chain(start(), reply("ok"));
const statuses = (replies: Reply[]) => replies.map(({ status }) => status).sort();
const times = <T>(count: number, value: T): T[] => Array(count).fill(value);

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  let urls: string[] = [];
  let flow: string;
  let address = 0;
  beforeAll(async () => {
    const env = {
      TRUST_PROXY: "1",
      ENABLE_METRICS: "true",
      SLUICE_REQUIRE_KEY: "true",
      RATE_LIMIT_IP: "20/1h",
      RATE_LIMIT_FLOW: "1000/1h",
      RATE_LIMIT_KEY: "3/1h",
      RATE_LIMIT_TENANT: "5/1h",
    };
    split = await openSplit({ mode, apis: mode === "queue" ? 2 : 1, env });
    urls = split.apis.map(({ url }) => url);
    flow = await store(split, graph);
  });
  afterAll(() => split?.close());

  async function makeKey(more: object = {}): Promise<{ id: string; apiKey: string }> {
    const keyName = randomBytes(4).toString("hex");
    const body = { keyName, permissions: ["chatflows:view"], ...more };
    const { json } = await call(split.url, "POST", "/apikey", { body, key: split.key });
    return json.find((key: { keyName: string }) => key.keyName === keyName);
  }
  /** So many calls at once, spread over all replicas, from an address of their own unless said. */
  const burst = (count: number, key: (i: number) => string, to = flow, ip?: string) => {
    const headers = { "x-forwarded-for": ip ?? `192.0.2.${++address}` };
    return Promise.all(
      Array.from({ length: count }, (_, i) =>
        ask(urls[i % urls.length]!, to, { question: "x" }, { headers, key: key(i) }),
      ),
    );
  };

  test("a key may do so much, on all replicas together, and is told in headers", async () => {
    const { apiKey } = await makeKey();
    const [first] = await burst(1, () => apiKey);
    expect(first?.headers.get("ratelimit-policy")).toBe(
      '"ip";q=20;w=3600, "flow";q=1000;w=3600, "key";q=3;w=3600',
    );
    expect(first?.headers.get("ratelimit")).toMatch(
      /^"ip";r=19;t=180, "flow";r=\d+;t=\d+, "key";r=2;t=1200$/,
    );
    expect(first?.headers.get("retry-after")).toBeNull();
    const replies = await burst(6, () => apiKey);
    expect(statuses(replies)).toEqual([...times(2, 200), ...times(4, 429)]);
    const refused = replies.find(({ status }) => status === 429)!;
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(1100);
    expect(seconds).toBeLessThanOrEqual(1200);
    expect(refused.headers.get("ratelimit")).toContain(`"key";r=0;t=${seconds}`);
    expect(refused.json).toMatchObject({ statusCode: 429, success: false });
    expect(refused.json.message).toBe(
      `Too many requests with this API key; try again in ${seconds} s`,
    );
    const { apiKey: other } = await makeKey();
    expect(statuses(await burst(3, () => other))).toEqual(times(3, 200));
  });

  test("what one limit refuses does not use the others up", async () => {
    const { apiKey } = await makeKey({ rateLimit: "1/1h" });
    const ip = "198.51.100.1";
    // Known everywhere from here on: a key that is new costs its address one before it is looked up.
    await burst(urls.length, () => apiKey, flow, ip);
    const replies = await burst(6, () => apiKey, flow, ip);
    expect(statuses(replies)).toEqual(times(6, 429));
    const left = replies.map(({ headers }) => /"ip";r=(\d+)/.exec(headers.get("ratelimit")!)?.[1]);
    expect(left).toEqual(times(6, String(20 - urls.length)));
  });

  test("keys of one tenant share its limit; a key's own rate can be off", async () => {
    const limits = { tenant: "acme", rateLimit: "off" };
    const keys = [await makeKey(limits), await makeKey(limits)];
    const replies = await burst(8, (i) => keys[(i >> 1) % 2]!.apiKey);
    expect(statuses(replies)).toEqual([...times(5, 200), ...times(3, 429)]);
    expect(replies.find(({ status }) => status === 429)?.json.message).toContain("of this tenant");
  });

  test("a flow has a rate of its own", async () => {
    const apiConfig = JSON.stringify({ sluice: { rateLimit: "2/1h" } });
    const own = await store(split, graph, { apiConfig });
    const { apiKey } = await makeKey({ rateLimit: "off" });
    expect(statuses(await burst(5, () => apiKey, own))).toEqual([
      ...times(2, 200),
      ...times(3, 429),
    ]);
  });

  test("an address is counted before its keys are looked up, whatever it tries", async () => {
    const replies = await burst(30, (i) => `guess ${i}`);
    expect(statuses(replies)).toEqual([...times(20, 401), ...times(10, 429)]);
    const unknown = await burst(22, () => "x", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff");
    expect(statuses(unknown)).toEqual([...times(20, 404), ...times(2, 429)]);
  });

  test("callers who are not let in use up nothing of a flow or key", async () => {
    const apiConfig = JSON.stringify({ sluice: { rateLimit: "1/1h" } });
    const { id, apiKey } = await makeKey({ rateLimit: "off" });
    const { apiKey: other } = await makeKey({ rateLimit: "1/1h" });
    const bound = await store(split, graph, { apiConfig, apikeyid: id });
    expect(statuses(await burst(4, () => other, bound))).toEqual(times(4, 401));
    expect(statuses(await burst(1, () => apiKey, bound))).toEqual([200]);
    expect(statuses(await burst(1, () => other))).toEqual([200]);
  });

  test("a key's rate that is changed holds on all replicas within a second", async () => {
    const { id, apiKey } = await makeKey({ rateLimit: "1/1h" });
    const refusals = async () => statuses(await burst(4, () => apiKey));
    expect(await refusals()).toEqual([200, 429, 429, 429]);
    const change = (rateLimit: string) =>
      call(split.url, "PUT", `/apikey/${id}`, { body: { rateLimit }, key: split.key });
    expect((await change("lots")).status).toBe(400);
    expect((await change("off")).status).toBe(200);
    await until(async () => (await refusals()).join() === "200,200,200,200", 1000);
    await change("");
    await until(async () => (await refusals()).includes(429), 1000);
  });

  test("a flow whose rate is none is not stored", async () => {
    const body = {
      name: "x",
      type: "AGENTFLOW",
      flowData: JSON.stringify(graph),
      apiConfig: JSON.stringify({ sluice: { rateLimit: "lots" } }),
    };
    const { status, json } = await call(split.url, "POST", "/chatflows", { body, key: split.key });
    expect([status, json.message]).toEqual([
      400,
      expect.stringContaining("apiConfig.sluice.rateLimit is not off or a rate such as"),
    ]);
  });

  const create = (key: string, flowId: string, more: Record<string, string> = {}) =>
    fetch(`${split.url}/v1/predictions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "x-forwarded-for": `203.0.113.${++address}`,
        ...more,
      },
      body: JSON.stringify({ flowId, question: "x" }),
      signal: AbortSignal.timeout(10_000),
    });

  test("the native API counts the same limits and answers in its own words", async () => {
    const { apiKey } = await makeKey({ rateLimit: "1/1h" });
    expect((await create(apiKey, flow)).status).toBe(202);
    const refused = await create(apiKey, flow);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3500);
    expect(await refused.json()).toEqual({
      code: "limited",
      message: expect.stringMatching(/^Too many requests with this API key; try again in \d+ s$/),
    });
  });

  test("the native API says 403 of an origin and 429 of a flow's own limit", async () => {
    const chatbotConfig = JSON.stringify({
      allowedOrigins: ["https://example.com"],
      allowedOriginsError: "Not from there",
    });
    const rateLimit = { status: true, limitMax: 1, limitDuration: 60, limitMsg: "Slow down" };
    const apiConfig = JSON.stringify({ rateLimit });
    const strict = await store(split, graph, { chatbotConfig, apiConfig });
    const { apiKey } = await makeKey();
    const headers = { origin: "https://elsewhere.example", "x-forwarded-for": "203.0.113.250" };
    const foreign = await create(apiKey, strict, headers);
    expect([foreign.status, await foreign.json()]).toEqual([
      403,
      { code: "forbidden", message: "Not from there" },
    ]);
    const again = await create(apiKey, strict, headers);
    expect([again.status, await again.json()]).toEqual([
      429,
      { code: "limited", message: "Slow down" },
    ]);
  });

  test("refusals are counted by route and limit", async () => {
    const { text } = await call(split.url, "GET", "/metrics", { key: split.key });
    expect(text).toMatch(
      /sluice_limit_hits_total\{route="\/api\/v1\/prediction\/:id",limit="key",app="\w+"\} [1-9]/,
    );
    expect(text).toMatch(
      /sluice_limit_hits_total\{route="\/v1\/predictions",limit="flowise",app="\w+"\} [1-9]/,
    );
  });
});

test("a global rate counts everybody, and is told to those it refuses", async () => {
  const split = await openSplit({ mode: "main", env: { RATE_LIMIT_GLOBAL: "4/1h" } });
  onTestFinished(() => split.close());
  const flow = await store(split, graph);
  const replies: Reply[] = [];
  for (let i = 0; i < 6; i++) replies.push(await ask(split.url, flow, { question: "x" }));
  expect(statuses(replies)).toEqual([...times(4, 200), ...times(2, 429)]);
  expect(replies[0]?.headers.get("ratelimit")).toBeNull();
  expect(replies[5]?.headers.get("ratelimit")).toMatch(/^"global";r=0;t=\d+$/);
  expect(replies[5]?.json.message).toMatch(/^Too many requests at once; try again in \d+ s$/);

  // Of flows that are not known yet, too, and where files are read: a page can tell when to come back.
  const headers = { origin: "https://shop.example" };
  const unknown = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
  for (const path of [`/prediction/${unknown}`, `/attachments/${flow}/chat`]) {
    const refused = await call(split.url, "POST", path, { body: {}, headers });
    expect(refused.status, path).toBe(429);
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect(refused.headers.get("access-control-expose-headers")).toContain("Retry-After");
  }
});
