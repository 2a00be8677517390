import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { redisKeys } from "../prediction/redis-keys.ts";
import { openRestIntake } from "./rest-intake.ts";

const token = "the token of this test";
const keys = redisKeys(`rest-${randomUUID()}`);
let redis: Redis;

/** Upstash's REST wire over a real Redis. */
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const reply = (status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.headers.authorization !== `Bearer ${token}`)
    return reply(401, { error: "Unauthorized" });
  const body = JSON.parse(Buffer.concat(chunks).toString());
  const run = ([command, ...args]: string[]) => redis.call(command!, ...args);
  if (!/pipeline|multi-exec/.test(request.url ?? ""))
    return reply(200, { result: encoded(await run(body)) });
  reply(
    200,
    await Promise.all(body.map(async (each: string[]) => ({ result: encoded(await run(each)) }))),
  );
});
const encoded = (value: unknown): unknown =>
  typeof value === "string"
    ? Buffer.from(value).toString("base64")
    : Array.isArray(value)
      ? value.map(encoded)
      : value;
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  redis = new Redis(inject("redisUrl"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  redis.disconnect();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("limits are counted over REST as over TCP, in a window from the first hit", async () => {
  const intake = openRestIntake(url(), token, keys);
  const window = { name: "flow:1:192.0.2.1", max: 2, windowMs: 5000 };
  const hits = [];
  for (let i = 0; i < 3; i++) hits.push((await intake.admit([window])).windows[0]);
  expect(hits.map((state) => state?.hits)).toEqual([1, 2, 3]);
  expect(hits[0]?.resetMs).toBeLessThanOrEqual(5000);
  expect(Math.abs((await intake.admit([])).at - Date.now())).toBeLessThan(5000);
});

test("a change raises the epoch that the next admission tells, and is announced", async () => {
  const intake = openRestIntake(url(), token, keys);
  const subscriber = new Redis(inject("redisUrl"));
  const heard: string[] = [];
  subscriber.on("message", (_, message) => heard.push(message));
  await subscriber.subscribe(keys.changeChannel);
  await intake.announce({ kind: "flow", id: "f1" });
  expect((await intake.admit([])).epochs).toEqual({ flow: 1, key: 0, configuration: 0 });
  await expect.poll(() => heard).toEqual(["flow f1"]);
  subscriber.disconnect();
});

test("a refusal rejects instead of letting everybody in", async () => {
  await expect(openRestIntake(url(), "wrong", keys).admit([])).rejects.toThrow("Unauthorized");
});
