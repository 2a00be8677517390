import { setTimeout as delay } from "node:timers/promises";
import type { Launched } from "../launcher/launch.ts";
import type { ChaosRedis } from "./chaos-redis.ts";

export interface FaultCounts {
  workersKilled: number;
  apisKilled: number;
  redisConnectionsKilled: number;
  redisRestarts: number;
  redisCuts: number;
}

const cutMs = 1500;

/** Brings one fault after another, each `everyMs`, until `signal`: every kind once in six. */
export async function bringFaults(
  launched: Launched,
  redis: ChaosRedis,
  everyMs: number,
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<FaultCounts> {
  const counts: FaultCounts = {
    workersKilled: 0,
    apisKilled: 0,
    redisConnectionsKilled: 0,
    redisRestarts: 0,
    redisCuts: 0,
  };
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
      const killed = await redis.killConnections();
      counts.redisConnectionsKilled += killed;
      note(`fault: ${killed} connections to Redis killed`);
    },
    async () => {
      note("fault: Redis restarted");
      await redis.restart();
      counts.redisRestarts++;
    },
    worker(1),
    async () => {
      if (kill("API 2", launched.spareApis()[0]?.pid)) counts.apisKilled++;
    },
    async () => {
      const broken = redis.cut();
      counts.redisCuts++;
      const kind = redis.secure ? "TLS connections" : "connections";
      note(`fault: ${broken} ${kind} to Redis cut for ${cutMs / 1000} s`);
      await delay(cutMs);
      redis.restore();
    },
  ];
  for (let i = 0; ; i++) {
    await delay(everyMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return counts;
    await faults[i % faults.length]!();
  }
}
