import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../../packages/simulator/src/simulator.ts";
import { call } from "../client.ts";
import { chain, llm, reply, start } from "../flows.ts";
import { type Index, openIndex, pages, storeIndexed } from "../indexed-flow.ts";
import { openSplit, type Split, store } from "../split.ts";
import { type DrawnForm, formsOf, toFormData } from "./forms.ts";
import { type Operation, readDescription } from "./operations.ts";
import { type Known, valuesOf } from "./values.ts";

const requests = Number(process.env.FUZZ_REQUESTS ?? 10_000);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const atOnce = 12;
/** A machine that is busy with other things needs several times as long as an idle one. */
const budgetMs = 330_000;
const hangMs = 15_000;

let split: Split;
let simulator: Simulator;
let index: Index;
beforeAll(async () => {
  simulator = await openSimulator({ ttftMs: 1, tokens: 3, gapMs: 0 });
  index = await openIndex();
  split = await openSplit({ env: { PREDICTION_TIMEOUT_SECONDS: "10", LOG_LEVEL: "warn" } });
});
afterAll(async () => {
  index.close();
  await Promise.all([split.close(), simulator.close()]);
});

interface Outcome {
  operation: Operation;
  status: number;
  withKey: boolean;
  /** A form with files was sent. */
  formed: boolean;
}

/** The admin's own key: without it there is nothing left to ask. */
let untouched = "";

/** Ids of what is stored, by the path they live under. */
const pools = new Map<string, string[]>();
const pool = (name: string) => {
  if (!pools.has(name)) pools.set(name, []);
  return pools.get(name)!;
};
const ofFlows =
  /prediction|chatflow|chatmessage|feedback|leads|webhook|schedule|vector|flow-config|chatbotConfig|attachments|upsert-history/;
function poolOf(path: string, name = "id"): string {
  if (name === "storeId" || path.includes("/document-store/")) return "document-store";
  if (path.startsWith("/v1/predictions")) return "predictions";
  if (path.includes("/vector/")) return "indexed";
  if (path.includes("executions")) return "executions";
  return ofFlows.test(path) ? "chatflows" : (path.split("/")[3] ?? "");
}

async function refill(): Promise<void> {
  if (pool("indexed").length === 0)
    pool("indexed").push(await storeIndexed(split, index, pages(3)));
  while (pool("chatflows").length < 5) {
    const graph =
      pool("chatflows").length % 2
        ? chain(start(), reply("hello {{question}}"))
        : chain(start(), llm({ url: simulator.url }));
    pool("chatflows").push(await store(split, graph, { chatbotConfig: takesFiles }));
  }
}

const takesFiles = JSON.stringify({ fullFileUpload: { status: true } });

/** The first of each stay: without them little could be asked. */
const kept = 4;
const pickToDelete = (name: string, n: number) => {
  const ids = pool(name).slice(kept);
  return ids[n % Math.max(1, ids.length)] ?? "00000000-0000-4000-8000-000000000000";
};

/** Picks by number, so that what is drawn stays the same while the pool changes. */
const fromPool = (name: string) => fc.nat(1_000_000).map((n) => ({ pool: name, n }));
const pick = (name: string, n: number) => {
  const ids = pool(name);
  return ids[n % Math.max(1, ids.length)] ?? "00000000-0000-4000-8000-000000000000";
};

const graphs = () =>
  [
    chain(start(), reply("x")),
    chain(start(), llm({ url: simulator.url })),
    { nodes: [], edges: [] },
  ].map((graph) => JSON.stringify(graph));

function knownValues(): Known {
  const flow = fromPool("chatflows");
  const date = fc.date({ noInvalidDate: true }).map((at) => at.toISOString());
  return {
    flowData: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...graphs()) },
      { weight: 1, arbitrary: fc.string() },
    ),
    flowId: flow,
    chatflowid: flow,
    chatflowId: flow,
    streaming: fc.boolean(),
    startDate: date,
    endDate: date,
    permissions: fc.constant(["chatflows:view"]),
    chatbotConfig: fc.constant("{}"),
    apiConfig: fc.constant("{}"),
    analytic: fc.constant("{}"),
    speechToText: fc.constant("{}"),
    textToSpeech: fc.constant("{}"),
    followUpPrompts: fc.constant("{}"),
    mcpServerConfig: fc.constant("{}"),
    webhookSecret: fc.constant(undefined),
    apikeyid: fc.constant(undefined),
    humanInput: fc.constant(undefined),
    form: fc.constant(undefined),
    schema: fc.constant("[]"),
    storeId: fromPool("document-store"),
    credentialName: fc.constant("openAIApi"),
    plainDataObj: fc.constant({ openAIApiKey: "x" }),
    webhook: fc.constant(undefined),
    deadlineSeconds: fc.integer({ min: 1, max: 60 }),
  };
}

/** Puts ids in the place of what was drawn for them. */
function settled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(settled);
  if (!value || typeof value !== "object") return value;
  const drawn = value as { pool?: unknown; n?: unknown };
  if (typeof drawn.pool === "string" && typeof drawn.n === "number")
    return pick(drawn.pool, drawn.n);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, settled(member)]));
}

const rssOf = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

test("no request makes a 500, hangs or stays in memory", async () => {
  await refill();
  const keys = (await call(split.url, "GET", "/apikey", { key: split.key })).json;
  untouched = keys[0].id;
  const description = await readDescription(split.url);
  const known = knownValues();
  const drawn = (arbitrary: fc.Arbitrary<unknown>, i: number) =>
    fc.sample(arbitrary, { numRuns: 1, seed: seed + i })[0];

  const bodies = new Map(
    description.operations.map((operation) => [
      operation,
      operation.body &&
        valuesOf(operation.body, description, {
          ...known,
          ...(operation.path.includes("chatflows") && { type: fc.constant("AGENTFLOW") }),
        }),
    ]),
  );
  // One of each kind tells enough.
  const failures = new Map<string, string>();
  const fail = ({ method, path }: Operation, what: string, asked: string) =>
    failures.set(`${method} ${path} ${what}`, `${asked} → ${what}`);
  const outcomes: Outcome[] = [];

  async function once(i: number): Promise<void> {
    const operation = description.operations[i % description.operations.length]!;
    const dice = fc.sample(fc.array(fc.nat(99), { minLength: 6, maxLength: 6 }), {
      numRuns: 1,
      seed: seed + i,
    })[0]!;
    const target = targetOf(operation, dice, i);
    const withKey = dice[0]! < 90;
    const bodyValues = bodies.get(operation);
    const json = settled(bodyValues ? drawn(bodyValues, i) : undefined);
    const body =
      operation.method === "GET" || (!bodyValues && dice[1]! < 80)
        ? undefined
        : dice[2]! < 92
          ? JSON.stringify(json ?? {})
          : String(drawn(fc.string({ unit: "binary", maxLength: 200 }), i));
    const form =
      operation.takesForms && operation.method === "POST" && dice[3]! % 2 === 0
        ? (drawn(formsOf(fc.constant(json)), i) as DrawnForm)
        : undefined;
    const asked = `${operation.method} ${target} ${(form ? JSON.stringify(form) : body)?.slice(0, 300) ?? ""}`;
    try {
      const response = await fetch(`${split.url}${target}`, {
        method: operation.method,
        headers: {
          ...(body !== undefined && !form && { "content-type": "application/json" }),
          ...(withKey && { authorization: `Bearer ${split.key}` }),
          ...(!withKey && dice[3]! < 50 && { authorization: "Bearer no-such-key" }),
        },
        ...(form ? { body: toFormData(form) } : body !== undefined && { body }),
        signal: AbortSignal.timeout(hangMs),
      });
      const text = await response.text();
      outcomes.push({ operation, status: response.status, withKey, formed: form !== undefined });
      if (response.status >= 500 && !isTold(response.status, text))
        fail(operation, `${response.status} ${text.slice(0, 200)}`, asked);
      if (response.ok) learn(operation, text);
      if (response.ok && operation.method === "DELETE") forget(operation, target);
    } catch (error) {
      fail(operation, (error as Error).name, asked);
    }
  }

  function targetOf(operation: Operation, dice: number[], i: number): string {
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value =
        dice[4]! < 80
          ? name === "pageNo"
            ? "1"
            : (operation.method === "DELETE" ? pickToDelete : pick)(
                poolOf(operation.path, name),
                dice[5]! + i,
              )
          : String(drawn(fc.oneof(fc.uuid(), fc.string({ minLength: 1 })), i));
      return encodeURIComponent(value);
    });
    const query = new URLSearchParams();
    for (const [n, parameter] of operation.parameters.entries()) {
      if (parameter.in !== "query" || (!parameter.required && (i + n) % 3 > 0)) continue;
      const values = known[parameter.name] ?? valuesOf(parameter.schema ?? {}, description, known);
      const value = settled(drawn(values, i + n));
      query.set(parameter.name, typeof value === "string" ? value : JSON.stringify(value ?? null));
    }
    return query.size > 0 ? `${path}?${query}` : path;
  }

  let next = 0;
  const startedAt = Date.now();
  async function run(until: number): Promise<void> {
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (next < until && Date.now() - startedAt < budgetMs) {
          if (next % 50 === 0) await refill();
          await once(next++);
        }
      }),
    );
    await delay(1500);
  }
  const processes = [...split.apis, ...split.workers];
  // Memory is compared once all code is compiled and the heap has the size that this load wants.
  await run(requests);
  const before = processes.map(({ pid }) => rssOf(pid));
  await run(2 * requests);
  const after = processes.map(({ pid }) => rssOf(pid));

  const isOk = ({ status }: Outcome) => status >= 200 && status < 300;
  const unfed = description.operations.filter(
    (each) =>
      /attachments|vector/.test(each.path) &&
      each.takesForms &&
      !outcomes.some((one) => one.operation === each && one.formed && isOk(one)),
  );
  const share = (some: Outcome[]) => some.length / outcomes.length;
  const rare = description.operations.filter(
    (each) => outcomes.filter(({ operation }) => operation === each).length < 50,
  );
  const summary = {
    seed,
    requests: outcomes.length,
    operations: description.operations.length,
    withKey: share(outcomes.filter(({ withKey }) => withKey)),
    ok: share(outcomes.filter(isOk)),
    before,
    after,
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  expect([...failures.values()].slice(0, 20), `seed ${seed}`).toEqual([]);
  expect(rare.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  expect(unfed.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  expect(summary.withKey).toBeGreaterThan(0.6);
  expect(summary.ok).toBeGreaterThan(0.3);
  for (const [i, mb] of after.entries()) expect(mb).toBeLessThan(before[i]! * 1.2);
});

const failedRun = /"message":"Error: predictionsServices\.buildChatflow - /;
const noExecution = /"message":"Error: executionsService\.\w+ - Execution .* not found"/;
const noPlace = /"message":"Invalid file path"/;

/** What Flowise answers with 500: a run that failed, an execution that is not there, a file without a place. */
function isTold(status: number, text: string): boolean {
  if (status === 503 || status === 504) return true;
  return status === 500 && [failedRun, noExecution, noPlace].some((words) => words.test(text));
}

/** Remembers ids that were made or listed. */
function learn(operation: Operation, text: string): void {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return;
  }
  const rows = Array.isArray(body) ? body : ((body as { data?: unknown[] })?.data ?? [body]);
  const name = poolOf(operation.path);
  const own = /^\/(api\/)?v1\/[\w-]+$/.test(operation.path) || operation.path.endsWith("/{id}");
  if (
    !own ||
    operation.method === "DELETE" ||
    (name === "chatflows" && !operation.path.startsWith("/api/v1/chatflows"))
  )
    return;
  for (const row of [rows].flat().slice(0, 5)) {
    const id = (row as { id?: unknown } | null)?.id;
    const ids = pool(name);
    if (typeof id !== "string" || id === untouched || ids.includes(id)) continue;
    if (pool("indexed").includes(id)) continue;
    if (ids.length < 200) ids.push(id);
  }
}

function forget(operation: Operation, target: string): void {
  const ids = pool(poolOf(operation.path));
  const at = ids.findIndex((id) => target.includes(id));
  if (at >= 0 && operation.path.endsWith("/{id}")) ids.splice(at, 1);
}
