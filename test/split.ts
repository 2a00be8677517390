import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { call } from "./client.ts";
import { openTestDatabase, type TestDatabase } from "./database.ts";
import { startProcess, type TestProcess } from "./process.ts";

export interface SplitOptions {
  apis?: number;
  workers?: number;
  mode?: "queue" | "main";
  env?: Record<string, string>;
  /** Where the processes find Postgres, if not at its own address. */
  postgresVia?: string;
}

export interface Split {
  apis: TestProcess[];
  workers: TestProcess[];
  /** URL of the first API. */
  url: string;
  /** The admin API key. */
  key: string;
  queueName: string;
  database: TestDatabase;
  /** What all processes wrote. */
  output(): string;
  addApi(env?: Record<string, string>): Promise<TestProcess>;
  addWorker(env?: Record<string, string>): Promise<TestProcess>;
  close(): Promise<void>;
}

export const credentialSecret = "sk-a-secret-that-nobody-may-see";

/**
 * The real thing: API and worker processes on the shared Redis with a queue and a database of their own.
 * @example const split = await openSplit({ apis: 2 }); afterAll(() => split.close());
 */
export async function openSplit(options: SplitOptions = {}): Promise<Split> {
  const { apis = 1, mode = "queue" } = options;
  const workers = mode === "main" ? 0 : (options.workers ?? 1);
  const database = await openTestDatabase();
  const home = mkdtempSync(join(tmpdir(), "sluice-test-split-"));
  const key = randomBytes(16).toString("hex");
  const queueName = `test-${randomBytes(4).toString("hex")}`;
  const env = {
    MODE: mode,
    PORT: "0",
    WORKER_PORT: "0",
    HOST: "127.0.0.1",
    DATABASE_URL: via(options.postgresVia, database.url),
    DATABASE_POOL_SIZE: "4",
    REDIS_URL: inject("redisUrl"),
    QUEUE_NAME: queueName,
    SLUICE_HOME: home,
    SLUICE_API_KEY: key,
    HTTP_SECURITY_CHECK: "false",
    ...options.env,
  };
  const started: TestProcess[] = [];
  const start = async (kind: "api" | "worker", more: Record<string, string> = {}) => {
    const one = await startProcess(kind, { ...env, ...more });
    started.push(one);
    return one;
  };
  const close = async () => {
    await Promise.all(started.map((one) => one.stop()));
    await database.close();
    rmSync(home, { recursive: true, force: true });
  };
  const many = (kind: "api" | "worker", count: number) =>
    Promise.all(Array.from({ length: count }, () => start(kind)));
  try {
    const running = { apis: await many("api", apis), workers: await many("worker", workers) };
    return {
      ...running,
      url: running.apis[0]?.url ?? "",
      key,
      queueName,
      database,
      output: () => started.map((one) => one.output()).join("\n"),
      addApi: (more) => start("api", more),
      addWorker: (more) => start("worker", more),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function via(address: string | undefined, databaseUrl: string): string {
  const url = new URL(databaseUrl);
  if (address) url.host = new URL(address).host;
  return url.toString();
}

/** Stores a flow and returns its id. */
export async function store(
  { url, key }: Pick<Split, "url" | "key">,
  graph: object,
  more: Record<string, unknown> = {},
): Promise<string> {
  const body = { name: "test", type: "AGENTFLOW", flowData: JSON.stringify(graph), ...more };
  const made = await call(url, "POST", "/chatflows", { body, key });
  if (made.status !== 200) throw new Error(`The flow was refused: ${made.text}`);
  return made.json.id;
}

/** Stores a credential with {@link credentialSecret} and returns its id. */
export async function storeCredential({ url, key }: Pick<Split, "url" | "key">): Promise<string> {
  const body = {
    name: "test",
    credentialName: "openAIApi",
    plainDataObj: { openAIApiKey: credentialSecret },
  };
  return (await call(url, "POST", "/credentials", { body, key })).json.id;
}
