import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../../packages/simulator/src/simulator.ts";
import { until } from "../client.ts";
import { chain, node, reply, start } from "../flows.ts";
import { openSplit, type Split, store } from "../split.ts";
import { accept, ended, get } from "./native.ts";

let split: Split;
let simulator: Simulator;
beforeAll(async () => {
  [split, simulator] = await Promise.all([openSplit({ workers: 0 }), openSimulator()]);
});
afterAll(() => Promise.all([split?.close(), simulator?.close()]));

/** Kills the worker that has all of them in hand, with another one there. */
async function killed(flow: string, body: object, inHand: () => boolean): Promise<string[]> {
  const doomed = await split.addWorker();
  const ids = await Promise.all(times.map(() => accept(split, flow, body)));
  await until(inHand, 15_000);
  const other = await split.addWorker();
  doomed.signal("SIGKILL");
  const states = await ended(split, ids, 30_000);
  await other.stop();
  expect(states).toEqual(ids.map(() => "succeeded"));
  return ids;
}
const times = Array.from({ length: 10 }, (_, i) => i);

test("an agent whose worker is killed goes on after its last round of tools", async () => {
  const agent = node("agentAgentflow", {
    agentModel: "chatOpenAI",
    agentModelConfig: { modelName: "simulated", basepath: `${simulator.url}/v1`, streaming: true },
    agentTools: [{ agentSelectedTool: "calculator", agentSelectedToolConfig: {} }],
  });
  const flow = await store(split, chain(start(), agent));
  const question = "rid=a [[tool]] [[ttft=100 n=60 gap=50]]";
  const asked = () => simulator.stats().requests;
  const ids = await killed(flow, { question }, () => asked() === 2 * times.length);
  // The first round once, the cut one again.
  expect(asked()).toBe(3 * times.length);
  const text = Array.from({ length: 60 }, (_, i) => `a:${i} `).join("");
  for (const id of ids) expect((await get(split, id)).text).toBe(text);
}, 60_000);

test("an HTTP node whose worker is killed repeats its call under the same Idempotency-Key", async () => {
  const keys: string[] = [];
  const shop = createServer((request, response) => {
    const key = String(request.headers["idempotency-key"]);
    keys.push(key);
    // Whoever asks first waits for ever.
    if (keys.filter((each) => each === key).length > 1) response.end("{}");
  });
  await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/orders`;
  const order = node("httpAgentflow", { method: "POST", url, bodyType: "json", body: "{}" });
  const flow = await store(split, chain(start(), order, reply("ordered")));
  await killed(flow, {}, () => keys.length === times.length);
  expect(new Set(keys).size).toBe(times.length);
  expect(keys.slice(times.length).sort()).toEqual(keys.slice(0, times.length).sort());
  shop.closeAllConnections();
  shop.close();
}, 60_000);
