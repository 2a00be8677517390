import { setTimeout as delay } from "node:timers/promises";
import type { Launched } from "../launcher/launch.ts";
import { askRedis } from "../launcher/redis-client.ts";

export interface FaultCounts {
  workersKilled: number;
  apisKilled: number;
  redisConnectionsKilled: number;
}

/** Kills a worker, Redis's connections, an API, the other worker, and so on, until `signal`. */
export async function bringFaults(
  launched: Launched,
  everyMs: number,
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<FaultCounts> {
  const counts: FaultCounts = { workersKilled: 0, apisKilled: 0, redisConnectionsKilled: 0 };
  const kill = (name: string, pid: number | undefined): boolean => {
    if (pid === undefined) return false;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      return false; // it is on its way back from the last time
    }
    note(`fault: kill -9 of ${name}`);
    return true;
  };
  const worker = (i: number) => async () => {
    if (kill(`worker ${i + 1}`, launched.report().workers[i]?.pid)) counts.workersKilled++;
  };
  const faults = [
    worker(0),
    async () => {
      counts.redisConnectionsKilled += await cutRedis(launched, note);
    },
    worker(1),
    async () => {
      if (kill("API 2", launched.spareApis()[0]?.pid)) counts.apisKilled++;
    },
  ];
  for (let i = 0; ; i++) {
    await delay(everyMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return counts;
    await faults[i % faults.length]!();
  }
}

async function cutRedis(launched: Launched, note: (line: string) => void): Promise<number> {
  const { redis } = launched.report();
  if (!redis) return 0;
  const { port, password } = new URL(redis.url);
  let killed = 0;
  for (const type of ["normal", "pubsub"]) {
    const command = `CLIENT KILL TYPE ${type} SKIPME yes`;
    const answer = await askRedis(Number(port), decodeURIComponent(password), command);
    killed += Number(answer?.slice(1)) || 0;
  }
  note(`fault: ${killed} connections to Redis killed`);
  return killed;
}
