import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "../../../test/client.ts";
import { chain, reply, start } from "../../../test/flows.ts";
import { openSplit, type Split, store } from "../../../test/split.ts";

let split: Split;
beforeAll(async () => {
  split = await openSplit({ env: { SLUICE_REQUIRE_KEY: "true" } });
}, 60_000);
afterAll(() => split.close());

test("with SLUICE_REQUIRE_KEY a flow without a key of its own takes any key, and not none", async () => {
  const id = await store(split, chain(start(), reply("hello")));
  expect((await ask(split.url, id, { question: "hi" })).status).toBe(401);
  expect((await ask(split.url, id, { question: "hi" }, { key: "wrong" })).status).toBe(401);
  expect((await ask(split.url, id, { question: "hi" }, { key: split.key })).status).toBe(200);
});
