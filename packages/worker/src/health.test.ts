import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type Readiness, serveHealth, withDeadline } from "./health.ts";

async function served(readiness: Readiness) {
  const health = await serveHealth(0, "127.0.0.1", readiness);
  onTestFinished(() => health.close());
  return async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
    return { status: response.status, text: await response.text() };
  };
}

test("live is live whatever is missing; ready says what is", async () => {
  let missing: string[] = [];
  const get = await served(async () => missing);
  expect(await get("/readyz")).toEqual({ status: 200, text: '{"ready":true,"missing":[]}' });
  missing = ["redis"];
  expect(await get("/readyz?x")).toEqual({
    status: 503,
    text: '{"ready":false,"missing":["redis"]}',
  });
  expect(await get("/healthz")).toEqual({ status: 200, text: "OK" });
  expect((await get("/else")).status).toBe(404);
});

test("a check that fails or hangs is a no", async () => {
  const get = await served(() => Promise.reject(new Error("connect ECONNREFUSED")));
  expect(await get("/readyz")).toMatchObject({ status: 503 });
  expect(await withDeadline(new Promise(() => {}), 20)).toEqual(["no answer in time"]);
});

test("a port that is taken is named with its setting", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await expect(serveHealth(port, "127.0.0.1", async () => [])).rejects.toThrow(
    `port ${port} is taken; set WORKER_PORT`,
  );
});
