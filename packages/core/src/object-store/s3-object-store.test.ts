import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openS3ObjectStore } from "./s3-object-store.ts";

const objects = new Map<string, Buffer>();
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { pathname: path, searchParams: query } = new URL(request.url ?? "", "http://s3");
  if (query.has("list-type")) return response.writeHead(200).end(page(query));
  if (query.has("delete")) {
    const keys = Buffer.concat(chunks)
      .toString()
      .matchAll(/<Key>(.*?)<\/Key>/g);
    for (const [, key] of keys) objects.delete(`/files/${key}`);
    return response.writeHead(200).end("<DeleteResult></DeleteResult>");
  }
  if (request.method === "PUT") objects.set(path, Buffer.concat(chunks));
  if (request.method === "DELETE") objects.delete(path);
  const found = objects.get(path);
  if (request.method !== "GET") return response.writeHead(200).end();
  if (found) return response.writeHead(200).end(found);
  response
    .writeHead(404, { "content-type": "application/xml" })
    .end("<Error><Code>NoSuchKey</Code><Message>None</Message></Error>");
});

/** Two keys of the folder that is asked for. */
function page(query: URLSearchParams): string {
  const keys = [...objects.keys()]
    .map((path) => path.replace("/files/", ""))
    .filter((key) => key.startsWith(query.get("prefix") ?? ""));
  const shown = keys.slice(0, 2).map((key) => `<Contents><Key>${key}</Key></Contents>`);
  const next = keys.length > 2 ? "<NextContinuationToken>next</NextContinuationToken>" : "";
  return `<ListBucketResult>${shown.join("")}${next}</ListBucketResult>`;
}

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

const open = () =>
  openS3ObjectStore({
    bucket: "files",
    region: "eu-central-1",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });

test("objects are put, read and deleted; an absent one is not found", async () => {
  const store = open();
  await store.put("request/prd_1", Buffer.from("bytes"));
  expect([...objects.keys()]).toEqual(["/files/request/prd_1"]);
  expect((await store.get("request/prd_1")).toString()).toContain("bytes");
  await store.delete("request/prd_1");
  await expect(store.get("request/prd_1")).rejects.toThrow("Object request/prd_1 not found");
});

test("a folder goes page by page, and nothing beside it", async () => {
  const store = open();
  for (const name of ["a", "b", "c"]) await store.put(`f/one/${name}`, Buffer.from("x"));
  await store.put("f/oneself", Buffer.from("x"));
  await store.deleteFolder("f/one");
  expect([...objects.keys()]).toEqual(["/files/f/oneself"]);
  await expect(store.deleteFolder("")).rejects.toMatchObject({ code: "invalid" });
});
