import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, stream } from "./client.ts";
import { chain, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

// More than travels in a job.
const question = "x".repeat(200_000);

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  const storage = mkdtempSync(join(tmpdir(), "sluice-test-storage-"));
  let split: Split;
  let flow: string;
  beforeAll(async () => {
    split = await openSplit({ mode, env: { BLOB_STORAGE_PATH: storage } });
    flow = await store(split, chain(start(), reply("hello")));
  });
  afterAll(async () => {
    await split?.close();
    rmSync(storage, { recursive: true, force: true });
  });
  const kept = () => readdirSync(join(storage, "requests"));

  test("a large request is kept until its end and no longer, whoever waits for it", async () => {
    expect((await ask(split.url, flow, { question })).json.text).toBe("hello");
    await (await stream(split.url, flow, { question })).ended;
    const accepted = await fetch(`${split.url}/v1/predictions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${split.key}`,
        "content-type": "application/json",
        prefer: "wait=10",
      },
      body: JSON.stringify({ flowId: flow, question }),
      signal: AbortSignal.timeout(15_000),
    });
    expect(await accepted.json()).toMatchObject({ state: "succeeded" });
    await expect.poll(kept, { timeout: 3000 }).toEqual([]);
  });
});
