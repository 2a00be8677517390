import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call, stream, until } from "./client.ts";
import { chain, llm, reply, start } from "./flows.ts";
import { openSplit, type Split, store, storeCredential } from "./split.ts";

let split: Split;
let main: Split;
let simulator: Simulator;
let flowId: string;
beforeAll(async () => {
  const env = { ENABLE_METRICS: "true", METRICS_SERVICE_NAME: "tested" };
  [split, main, simulator] = await Promise.all([
    openSplit({ env: { ...env, ENABLE_BULLMQ_DASHBOARD: "true" } }),
    openSplit({ mode: "main", env: { ...env, ENABLE_BULLMQ_DASHBOARD: "true" } }),
    openSimulator({ ttftMs: 1, gapMs: 0 }),
  ]);
  const model = { url: simulator.url, credential: await storeCredential(split) };
  flowId = await store(split, chain(start(), llm(model)));
  const answer = await ask(split.url, flowId, { question: "a question that nobody else may read" });
  expect(answer.status).toBe(200);
});
afterAll(() => Promise.all([split.close(), main.close(), simulator.close()]));

const basic = (password: string) => `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
const board = (path = "", authorization?: string, url = split.url) =>
  fetch(`${url}/admin/queues${path}`, {
    ...(authorization && { headers: { authorization } }),
    signal: AbortSignal.timeout(5000),
  });

test("the API's metrics need a key and tell Flowise's names and the state of the fleet", async () => {
  expect((await call(split.url, "GET", "/metrics")).status).toBe(401);
  await call(split.url, "GET", "/no/such/route", { key: split.key });
  const scrape = () => call(split.url, "GET", "/metrics", { key: split.key });
  // A worker says within two seconds that it is there.
  await until(async () => (await scrape()).text.includes('sluice_workers{app="tested"} 1'), 8000);
  const { status, headers, text } = await scrape();
  expect(status).toBe(200);
  expect(headers.get("content-type")).toContain("text/plain");
  expect(text).toContain('chatflow_prediction_external{status="success",app="tested"} 1');
  expect(text).toContain(
    'http_requests_total{method="POST",path="/api/v1/prediction/:id",status="200",app="tested"} 1',
  );
  expect(text).toMatch(/http_requests_total\{method="GET",path="unknown",status="404"/);
  expect(text).toContain('sluice_queue_waiting{app="tested"} 0');
  expect(text).toMatch(/sluice_capacity\{app="tested"\} [1-9]/);
  expect(text).toContain('sluice_webhooks_pending{app="tested"} 0');
});

test("a worker serves what its runs took on the port of its health checks", async () => {
  const text = await (await fetch(`${split.workers[0]?.url}/metrics`)).text();
  expect(text).toContain('sluice_predictions_total{state="succeeded",app="tested"} 1');
  expect(text).toContain('sluice_run_seconds_count{app="tested"} 1');
  expect(text).toContain('sluice_queue_wait_seconds_count{app="tested"} 1');
  expect(text).toContain('sluice_first_token_seconds_count{app="tested"} 1');
  expect(text).toMatch(/sluice_tokens_total\{kind="output",app="tested"\} [1-9]/);
  expect(text).toContain("flowise_nodejs_eventloop_lag_p99_seconds");
});

test("in main mode one process tells all of it", async () => {
  const flow = await store(main, chain(start(), reply("hello")));
  await ask(main.url, flow, { question: "hi" });
  const { text } = await call(main.url, "GET", "/metrics", { key: main.key });
  expect(text).toContain('sluice_predictions_total{state="succeeded",app="tested"} 1');
  expect(text).toMatch(/sluice_capacity\{app="tested"\} \d+/);
});

test("answers say how long they waited and ran", async () => {
  const { headers } = await ask(split.url, flowId, { question: "hi" });
  expect(headers.get("server-timing")).toMatch(/^queue;dur=\d+, run;dur=\d+, total;dur=\d+$/);
  const streamed = await stream(split.url, flowId, { question: "x" });
  expect(streamed.headers.get("server-timing")).toMatch(/^accept;dur=\d+$/);
  await streamed.ended;
  const id = streamed.headers.get("x-prediction-id");
  const again = await fetch(`${split.url}/v1/predictions/${id}/stream`, {
    headers: { authorization: `Bearer ${split.key}` },
    signal: AbortSignal.timeout(5000),
  });
  expect(again.headers.get("server-timing")).toMatch(/^queue;dur=\d+, run;dur=\d+, total;dur=/);
  await again.text();
});

test("the dashboard needs an admin key, as bearer or as a browser's password", async () => {
  const none = await board();
  expect(none.status).toBe(401);
  expect(none.headers.get("www-authenticate")).toMatch(/^Basic /);
  expect((await board("", basic("wrong"))).status).toBe(401);
  const body = { keyName: "ordinary", permissions: ["chatflows:view"] };
  const { json } = await call(split.url, "POST", "/apikey", { body, key: split.key });
  const { apiKey } = json.find((key: { keyName: string }) => key.keyName === "ordinary");
  expect((await board("", basic(apiKey))).status).toBe(403);
  const page = await board("", basic(split.key));
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("/admin/queues/");
  expect((await board("/api/queues", `Bearer ${split.key}`)).status).toBe(200);
});

test("the dashboard's page loads and shows jobs without what was asked", async () => {
  const page = await (await board("/", basic(split.key))).text();
  const script = /src="([^"]+\.js)"/.exec(page)?.[1] ?? "";
  const loaded = await fetch(new URL(script, `${split.url}/admin/queues/`), {
    headers: { authorization: basic(split.key) },
  });
  expect(loaded.status).toBe(200);
  expect(loaded.headers.get("content-type")).toContain("javascript");
  const name = encodeURIComponent(`${split.queueName}-prediction`);
  const answer = await board(`/api/queues?activeQueue=${name}&status=latest`, basic(split.key));
  const { queues } = (await answer.json()) as {
    queues: { readOnlyMode: boolean; jobs: { data: Record<string, unknown> }[] }[];
  };
  expect(queues[0]?.readOnlyMode).toBe(true);
  expect(queues[0]?.jobs.length).toBeGreaterThan(0);
  for (const { data } of queues[0]?.jobs ?? [])
    expect(data).toMatchObject({ flowId, request: "(hidden)" });
});

test("the dashboard is limited, over whatever key is tried", async () => {
  const replies = await Promise.all(
    Array.from({ length: 110 }, (_, i) => board("/api/queues", basic(`guess ${i}`))),
  );
  const limited = replies.filter(({ status }) => status === 429);
  expect(limited.length).toBeGreaterThan(5);
  expect(Number(limited[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("there is no dashboard in main mode, and no metrics where they are off", async () => {
  expect((await board("", basic(main.key), main.url)).status).toBe(404);
  const plain = await openSplit({ mode: "main" });
  expect((await call(plain.url, "GET", "/metrics", { key: plain.key })).status).toBe(404);
  await plain.close();
});

test("with RETENTION_DAYS old predictions go, and without nothing does", async () => {
  const kept = await openSplit({ mode: "main", env: { RETENTION_DAYS: "30" } });
  const count = async ({ database }: Split, id: string) =>
    (await database.pool.query("select 1 from prediction where id = $1", [id])).rowCount;
  for (const { database } of [kept, main])
    await database.pool.query(
      `insert into prediction (id, flow_id, flow_version, chat_id, session_id, state, created_at)
       values ('prd_old', gen_random_uuid(), 1, 'c', 's', 'succeeded', now() - interval '31 days'),
         ('prd_young', gen_random_uuid(), 1, 'c', 's', 'succeeded', now() - interval '29 days')`,
    );
  const again = await kept.addApi();
  await until(async () => (await count(kept, "prd_old")) === 0, 5000);
  expect(await count(kept, "prd_young")).toBe(1);
  expect(await count(main, "prd_old")).toBe(1);
  await again.stop();
  await kept.close();
});
