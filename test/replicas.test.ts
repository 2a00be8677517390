import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call } from "./client.ts";
import { chain, llm, node, reply, start } from "./flows.ts";
import { openSplit, type Split, store, storeCredential } from "./split.ts";

let split: Split;
let simulator: Simulator;
let here: string;
let there: string;
beforeAll(async () => {
  [split, simulator] = await Promise.all([
    openSplit({ apis: 2, workers: 2 }),
    openSimulator({ ttftMs: 1, gapMs: 0 }),
  ]);
  [here = "", there = ""] = split.apis.map(({ url }) => url);
});
afterAll(() => Promise.all([split?.close(), simulator?.close()]));

async function makeKey(keyName: string): Promise<{ id: string; apiKey: string }> {
  const body = { keyName, permissions: ["chatflows:view"] };
  const { json } = await call(here, "POST", "/apikey", { body, key: split.key });
  return json.find((key: { keyName: string }) => key.keyName === keyName);
}
const lists = async (url: string, key: string) =>
  (await call(url, "GET", "/chatflows", { key })).status;

test("a key that one replica takes away opens nothing on the other, at once", async () => {
  for (let round = 0; round < 5; round++) {
    const { id, apiKey } = await makeKey(`round ${round}`);
    expect([await lists(here, apiKey), await lists(there, apiKey)]).toEqual([200, 200]);
    await call(here, "DELETE", `/apikey/${id}`, { key: split.key });
    expect([await lists(here, apiKey), await lists(there, apiKey)]).toEqual([401, 401]);
  }
});

test("a key that one replica makes is known to the other, even if it was tried there before", async () => {
  const { apiKey } = await makeKey("fresh");
  expect(await lists(there, apiKey)).toBe(200);
});

test("a flow bound to a key does not open to that key once it is taken away", async () => {
  const { id, apiKey } = await makeKey("bound");
  const flow = await store(split, chain(start(), reply("in")), { apikeyid: id });
  const asked = (url: string) => ask(url, flow, { question: "x" }, { key: apiKey });
  expect([(await asked(here)).status, (await asked(there)).status]).toEqual([200, 200]);
  await call(here, "DELETE", `/apikey/${id}`, { key: split.key });
  expect([(await asked(there)).status, (await asked(here)).status]).toEqual([401, 401]);
});

test("a flow that one replica changes is used by the other and by every worker, at once", async () => {
  const flow = await store(split, chain(start(), reply("v0")));
  for (let version = 1; version <= 10; version++) {
    const body = { flowData: JSON.stringify(chain(start(), reply(`v${version}`))) };
    await call(here, "PUT", `/chatflows/${flow}`, { body, key: split.key });
    const answers = await Promise.all(
      [there, here, there, here].map((url) => ask(url, flow, { question: "x" })),
    );
    expect(answers.map(({ json }) => json.text)).toEqual(Array(4).fill(`v${version}`));
  }
});

test("a flow that one replica deletes is gone on the other, at once", async () => {
  const flow = await store(split, chain(start(), reply("x")));
  expect((await ask(there, flow, {})).status).toBe(200);
  await call(here, "DELETE", `/chatflows/${flow}`, { key: split.key });
  expect((await ask(there, flow, {})).status).toBe(404);
});

test("a flow that cannot run does as soon as it is mended elsewhere", async () => {
  const flow = await store(split, chain(start(), node("teleportAgentflow")));
  expect((await ask(there, flow, {})).status).toBe(422);
  const body = { flowData: JSON.stringify(chain(start(), reply("mended"))) };
  await call(here, "PUT", `/chatflows/${flow}`, { body, key: split.key });
  expect((await ask(there, flow, {})).json.text).toBe("mended");
});

test("a credential and a variable that change reach the workers at once", async () => {
  const credential = await storeCredential(split);
  const { json: variable } = await call(here, "POST", "/variables", {
    body: { name: "colour", value: "red", type: "static" },
    key: split.key,
  });
  const flow = await store(
    split,
    chain(start(), llm({ url: simulator.url, credential }), reply("{{$vars.colour}}")),
  );
  const answers = () =>
    Promise.all(Array.from({ length: 6 }, () => ask(there, flow, { question: "rid=v [[n=1]]" })));
  expect((await answers()).map(({ json }) => json.text)).toEqual(Array(6).fill("red"));
  await call(here, "PUT", `/variables/${variable.id}`, {
    body: { ...variable, value: "blue" },
    key: split.key,
  });
  expect((await answers()).map(({ json }) => json.text)).toEqual(Array(6).fill("blue"));
  await call(here, "DELETE", `/credentials/${credential}`, { key: split.key });
  expect((await answers()).map(({ status }) => status)).toEqual(Array(6).fill(500));
});
