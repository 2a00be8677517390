import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openS3ObjectStore } from "./s3-object-store.ts";

const objects = new Map<string, Buffer>();
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = (request.url ?? "").split("?")[0] ?? "";
  if (request.method === "PUT") objects.set(path, Buffer.concat(chunks));
  if (request.method === "DELETE") objects.delete(path);
  const found = objects.get(path);
  if (request.method !== "GET") return response.writeHead(200).end();
  if (found) return response.writeHead(200).end(found);
  response
    .writeHead(404, { "content-type": "application/xml" })
    .end("<Error><Code>NoSuchKey</Code><Message>None</Message></Error>");
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

test("objects are put, read and deleted; an absent one is not found", async () => {
  const store = openS3ObjectStore({
    bucket: "files",
    region: "eu-central-1",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  await store.put("request/prd_1", Buffer.from("bytes"));
  expect([...objects.keys()]).toEqual(["/files/request/prd_1"]);
  expect((await store.get("request/prd_1")).toString()).toContain("bytes");
  await store.delete("request/prd_1");
  await expect(store.get("request/prd_1")).rejects.toThrow("Object request/prd_1 not found");
});
