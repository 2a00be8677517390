import type { TestProject } from "vitest/node";
import { startPostgres } from "./postgres-server.ts";
import { startRedis } from "./redis-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the server's own database: make yours with `openTestDatabase`. */
    postgresUrl: string;
    /** Shared by all test files: put a prefix of your own before every key. */
    redisUrl: string;
  }
}

/** One PostgreSQL and one Redis for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = await Promise.allSettled([startPostgres(), startRedis()]);
  const stop = async () => {
    for (const server of started) if (server.status === "fulfilled") await server.value.stop();
  };
  const [postgres, redis] = started;
  if (postgres.status === "rejected" || redis.status === "rejected") {
    await stop();
    throw postgres.status === "rejected"
      ? postgres.reason
      : (redis as PromiseRejectedResult).reason;
  }
  project.provide("postgresUrl", postgres.value.url);
  project.provide("redisUrl", redis.value.url);
  return stop;
}
