import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "../client.ts";
import { type Index, openIndex, pages, storeIndexed } from "../indexed-flow.ts";
import type { TestProcess } from "../process.ts";
import { openSplit, type Split } from "../split.ts";

let split: Split;
let index: Index;
let worker: TestProcess;
beforeAll(async () => {
  [split, index] = await Promise.all([openSplit({ workers: 0 }), openIndex()]);
  worker = await split.addWorker({ NODE_OPTIONS: "--inspect=127.0.0.1:0" });
});
afterAll(async () => {
  index.close();
  await split.close();
});

/** What a process still holds after a full collection, by its inspector. */
async function heldBytes({ output }: TestProcess): Promise<number> {
  const [url = ""] = /ws:\/\/127\.0\.0\.1:\S+/.exec(output()) ?? [];
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("The worker has no inspector"));
  });
  let sent = 0;
  const send = (method: string, params: object = {}) =>
    // biome-ignore lint/suspicious/noExplicitAny: what the inspector answers
    new Promise<any>((resolve) => {
      const id = ++sent;
      socket.addEventListener("message", ({ data }) => {
        const message = JSON.parse(data);
        if (message.id === id) resolve(message.result);
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  // Twice: what the first finalizes, the second frees.
  for (let i = 0; i < 2; i++) await send("HeapProfiler.collectGarbage");
  const expression = "(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())";
  const { result } = await send("Runtime.evaluate", { expression });
  socket.close();
  return result.value;
}

test("a worker holds no more after 1,000 upserts than after 200", async () => {
  const flow = await storeIndexed(split, index, pages(30));
  let begun = 0;
  const upsertUntil = async (count: number) => {
    const caller = async () => {
      while (begun < count) {
        begun++;
        const path = `/vector/upsert/${flow}`;
        const reply = await call(split.url, "POST", path, { body: {}, key: split.key });
        expect(reply.status, reply.text).toBe(200);
        index.points.clear();
      }
    };
    await Promise.all([caller(), caller(), caller(), caller()]);
  };
  await upsertUntil(200);
  const early = await heldBytes(worker);
  await upsertUntil(1000);
  const late = await heldBytes(worker);
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  console.log(`held after 200 upserts ${mib(early)} MiB, after 1,000 ${mib(late)} MiB`);
  expect(late / early).toBeLessThanOrEqual(1.15);
}, 240_000);
