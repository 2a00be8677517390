import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openLog } from "@sluice/core/log";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTaskProtection } from "./task-protection.ts";

const said: unknown[] = [];
let status = 200;
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  said.push([request.method, request.url, JSON.parse(Buffer.concat(chunks).toString())]);
  response.writeHead(status).end("{}");
});
let running = 0;
let protection: ReturnType<typeof openTaskProtection>;

beforeEach(async () => {
  said.length = 0;
  status = 200;
  running = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  protection = openTaskProtection({
    agentUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    running: () => running,
    minutes: 60,
    log: openLog("fatal", "test"),
    everyMs: 10,
    idleMs: 100,
  });
});
afterEach(async () => {
  await protection.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const on = [
  "PUT",
  "/api/task-protection/v1/state",
  { ProtectionEnabled: true, ExpiresInMinutes: 60 },
];
const off = ["PUT", "/api/task-protection/v1/state", { ProtectionEnabled: false }];

test("the agent is told when work begins and when it has ended, not in between", async () => {
  running = 1;
  await expect.poll(() => said).toEqual([on]);
  running = 3;
  await new Promise((resolve) => setTimeout(resolve, 50));
  running = 0;
  await new Promise((resolve) => setTimeout(resolve, 30));
  running = 1;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(said).toEqual([on]);
  running = 0;
  await expect.poll(() => said).toEqual([on, off]);
});

test("a worker that stops lets go of its protection", async () => {
  running = 1;
  await expect.poll(() => said).toEqual([on]);
  await protection.close();
  expect(said).toEqual([on, off]);
});

test("an agent that refuses is not asked again and again", async () => {
  status = 500;
  running = 1;
  await expect.poll(() => said.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(said).toHaveLength(1);
});
