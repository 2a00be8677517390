import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "./client.ts";
import { chain, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

const megabyte = 1024 * 1024;
let split: Split;
let paths: Record<string, string>;
beforeAll(async () => {
  split = await openSplit({ workers: 0, env: { FLOWISE_FILE_SIZE_LIMIT: "8mb" } });
  const flow = await store(split, chain(start(), reply("hello")));
  const made = await call(split.url, "POST", "/document-store/store", {
    body: { name: "Large" },
    key: split.key,
  });
  paths = {
    prediction: `/api/v1/prediction/${flow}`,
    upsert: `/api/v1/document-store/upsert/${made.json.id}`,
    vector: `/api/v1/vector/upsert/${flow}`,
    preview: "/api/v1/document-store/loader/preview",
  };
});
afterAll(() => split?.close());

/** The most memory that the API has had so far, where the system tells. */
function peakMb(): number {
  const file = `/proc/${split.apis[0]?.pid}/status`;
  if (!existsSync(file)) return 0;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(file, "utf8"))?.[1] ?? 0) / 1024;
}

/** A form with a file of this size, written as fast as it is taken; with the answer, how much of it went out. */
function upload(path: string, size: number, isAnnounced: boolean) {
  const head = Buffer.from(
    '--x\r\ncontent-disposition: form-data; name="files"; filename="large.pdf"\r\n\r\n',
  );
  const tail = Buffer.from("\r\n--x--\r\n");
  const block = Buffer.alloc(megabyte, "a");
  let sent = 0;
  function* body() {
    yield head;
    for (; sent < size; sent += block.length) yield block;
    yield tail;
  }
  return new Promise<{ status: number; text: string; sent: number }>((resolve, reject) => {
    const outgoing = request(`${split.url}${path}`, {
      method: "POST",
      agent: false,
      timeout: 30_000,
      headers: {
        authorization: `Bearer ${split.key}`,
        "content-type": "multipart/form-data; boundary=x",
        ...(isAnnounced && { "content-length": head.length + size + tail.length }),
      },
    });
    const source = Readable.from(body());
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer")));
    // What is written after the answer may find the connection closed.
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("close", () => {
        source.destroy();
        outgoing.destroy();
        resolve({ status: response.statusCode ?? 0, text, sent });
      });
    });
    source.pipe(outgoing);
  });
}

test.each([
  ["prediction", true],
  ["prediction", false],
  ["upsert", true],
  ["upsert", false],
  ["vector", false],
  ["preview", false],
])("200 MB for %s, announced: %s, are refused without being kept", async (name, isAnnounced) => {
  const before = peakMb();
  const refused = await upload(paths[name]!, 200 * megabyte, isAnnounced);
  expect(refused.status).toBe(413);
  expect(refused.text).toMatch(/large/);
  expect(refused.sent).toBeLessThan(100 * megabyte);
  expect(peakMb() - before).toBeLessThan(100);
  expect((await call(split.url, "GET", "/ping")).status).toBe(200);
});
