import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openSimulator, type Simulator } from "../../packages/simulator/src/simulator.ts";
import { ask, until } from "../client.ts";
import { chain, llm, start } from "../flows.ts";
import { openSplit, type SplitOptions, store } from "../split.ts";
import { accept, get } from "./native.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await openSimulator();
});
afterAll(() => simulator?.close());

async function openWith(sluice: object, options: SplitOptions = {}) {
  const split = await openSplit({ apis: 2, ...options });
  onTestFinished(() => split.close());
  const flow = await store(split, chain(start(), llm({ url: simulator.url })), {
    apiConfig: JSON.stringify({ sluice }),
  });
  const [, second] = split.apis;
  return { split, flow, second: { url: second!.url, key: split.key } };
}

const requests = () => simulator.stats().requests;

test("the place of a caller whose worker and API are both killed becomes free by itself", async () => {
  const { split, flow, second } = await openWith({ maxConcurrent: 1 });
  const before = requests();
  ask(split.url, flow, { question: "rid=k [[n=1000 gap=50]]" }).catch(() => {});
  await until(() => requests() > before, 5000);
  await delay(3000);
  expect((await ask(second.url, flow, { question: "x" })).status).toBe(429);
  split.apis[0]!.signal("SIGKILL");
  split.workers[0]!.signal("SIGKILL");
  await until(
    () =>
      accept(second, flow).then(
        () => true,
        () => false,
      ),
    20_000,
  );
}, 60_000);

test("the place of a run whose worker is killed stays taken while another worker goes on with it", async () => {
  const { split, flow, second } = await openWith({ maxConcurrent: 1 }, { workers: 2 });
  const before = requests();
  const id = await accept(second, flow, { question: "rid=k [[n=120 gap=50]]" });
  await until(() => requests() > before, 5000);
  const [first] = split.workers;
  first!.signal("SIGKILL");
  let refused = 0;
  await until(async () => {
    const { state } = await get(second, id);
    if (state === "succeeded") return true;
    const { status } = await ask(split.url, flow, { question: "rid=x [[n=1]]" });
    if (status === 429) refused++;
    else expect((await get(second, id)).state).toBe("succeeded");
    await delay(200);
    return false;
  }, 30_000);
  expect(refused).toBeGreaterThan(3);
  await until(
    async () => (await ask(split.url, flow, { question: "rid=y [[n=1]]" })).status === 200,
    12_000,
  );
}, 60_000);

test("accepted messages of a conversation keep their order when the API in which they wait is killed", async () => {
  const { split, flow, second } = await openWith({ conversation: "enqueue" });
  const chatId = randomUUID();
  const first = { url: split.url, key: split.key };
  const ids = [await accept(first, flow, { chatId, question: "rid=a [[n=60 gap=50]]" })];
  for (const rid of ["b", "c"])
    ids.push(await accept(first, flow, { chatId, question: `rid=${rid} [[n=2]]` }));
  split.apis[0]!.signal("SIGKILL");
  await until(async () => {
    const all = await Promise.all(ids.map((id) => get(second, id)));
    return all.every(({ state }) => state === "succeeded");
  }, 45_000);
  const [a, b, c] = await Promise.all(ids.map((id) => get(second, id)));
  expect([a, b, c].map(({ text }) => text.slice(0, 2))).toEqual(["a:", "b:", "c:"]);
  expect(a.finishedAt <= b.startedAt && b.finishedAt <= c.startedAt).toBe(true);
}, 90_000);

test("a request that is repeated gets its prediction, however busy its conversation is with it", async () => {
  const { flow, second } = await openWith({ conversation: "reject", maxConcurrent: 1 });
  const chatId = randomUUID();
  const post = () =>
    fetch(`${second.url}/v1/predictions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${second.key}`,
        "idempotency-key": chatId,
      },
      body: JSON.stringify({ flowId: flow, chatId, question: "rid=i [[n=40 gap=50]]" }),
    });
  const [made, again] = [await post(), await post()] as const;
  const idOf = async (response: Response) => ((await response.json()) as { id: string }).id;
  expect([made.status, again.status]).toEqual([202, 202]);
  expect(await idOf(again)).toBe(await idOf(made));
});

test("runs that end with their callers end when the replica is killed to which those were connected", async () => {
  const { split, flow } = await openWith(
    { onDisconnect: "cancel" },
    { env: { DISCONNECT_GRACE_SECONDS: "1" } },
  );
  const before = simulator.stats();
  ask(split.url, flow, { question: "rid=d [[n=1000 gap=50]]" }).catch(() => {});
  await until(() => requests() > before.requests, 5000);
  await delay(500);
  split.apis[0]!.signal("SIGKILL");
  await until(() => simulator.stats().aborted === before.aborted + 1, 20_000);
}, 60_000);
