import { type ChildProcess, spawn } from "node:child_process";
import { chmod, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { bundle } from "../../../scripts/bundle.ts";
import { openTestDatabase, type TestDatabase } from "../../../test/database.ts";

let folder: string;
let database: TestDatabase;
const started: ChildProcess[] = [];

beforeAll(async () => {
  database = await openTestDatabase({ migrate: false });
  folder = await mkdtemp(join(tmpdir(), "sluice-bundle-"));
  await chmod(folder, 0o755);
  const built = join(folder, "built");
  await bundle(built);
  for (const name of ["api", "worker"])
    await cp(join(built, name), join(folder, name), { recursive: true });
  await cp(process.execPath, join(folder, "node"));
  await rm(built, { recursive: true });
}, 60_000);
afterAll(async () => {
  const ends = started.map((child) => new Promise((resolve) => child.once("exit", resolve)));
  for (const child of started) child.kill("SIGTERM");
  await Promise.all(ends);
  await database.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** Runs a bundle from a folder that holds nothing else, as a user who owns nothing of it. */
async function run(
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<{ url: string; readyMs: number }> {
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const child = spawn(join(folder, "node"), ["main.js"], {
    cwd: join(folder, name),
    env: {
      MODE: "queue",
      REDIS_URL: inject("redisUrl"),
      QUEUE_NAME: `bundle-${process.pid}`,
      DATABASE_URL: database.url,
      HOST: "127.0.0.1",
      API_STOP_TIMEOUT_SECONDS: "5",
      WORKER_STOP_TIMEOUT_SECONDS: "5",
      ...env,
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    ...user,
  });
  started.push(child);
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as { url: string; readyMs: number }));
    child.once("exit", () => reject(new Error(`${name} stopped: ${said}`)));
  });
}

test("the bundles run alone and as another user: the API answers, the worker can take work", async () => {
  const api = await run("api", { PORT: "0" });
  expect(await fetch(`${api.url}/api/v1/ping`).then((response) => response.text())).toBe("pong");
  const worker = await run("worker", { WORKER_PORT: "0" });
  expect((await fetch(`${worker.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${worker.url}/readyz`)).status).toBe(200);
}, 60_000);

test("an author's code runs in the bundle's sandbox", async () => {
  const key = "key-of-the-bundle-test";
  const queue = { QUEUE_NAME: `bundle-code-${process.pid}` };
  const api = await run("api", { PORT: "0", SLUICE_API_KEY: key, ...queue });
  await run("worker", { WORKER_PORT: "0", ...queue });
  const post = async (path: string, body: object) => {
    const response = await fetch(`${api.url}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    });
    return JSON.parse(await response.text());
  };
  const node = (name: string, inputs: object) => ({
    id: `${name}_0`,
    data: { id: `${name}_0`, name, label: name, category: "Agent Flows", inputs },
  });
  const graph = {
    nodes: [
      node("startAgentflow", { startInputType: "chatInput" }),
      node("customFunctionAgentflow", {
        customFunctionJavascriptFunction: "return [1, 2, 3].map((n) => n * 14).at(-1)",
      }),
    ],
    edges: [{ source: "startAgentflow_0", target: "customFunctionAgentflow_0" }],
  };
  const flow = await post("/chatflows", { name: "code", flowData: JSON.stringify(graph) });
  const answer = await post(`/prediction/${flow.id}`, { question: "?" });
  expect(answer.text).toBe("42");
}, 60_000);
