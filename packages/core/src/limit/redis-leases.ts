import type { PredictionJob } from "../prediction/prediction.ts";
import type { RedisKeys } from "../prediction/redis-keys.ts";
import { defineScript } from "../prediction/redis-scripts.ts";
import type { RedisConnection } from "../redis/open-redis.ts";
import {
  type Entered,
  type LeaseState,
  type Leases,
  maxTurns,
  type Placed,
  withoutRequest,
} from "./lease.ts";
import { enterScript, leaveScript, renewScript } from "./lease-scripts.ts";

const states: LeaseState[] = ["gone", "held", "first"];

/**
 * Leases shared by all processes on one Redis. Without a subscriber nobody hears of turns: a worker takes none. `redis` is the
 * connection that also tells the end of a run, so that its place is free when its caller hears of it.
 */
export async function openRedisLeases(
  { redis, subscriber }: { redis: RedisConnection; subscriber?: RedisConnection },
  keys: RedisKeys,
  leaseMs: number,
): Promise<Leases> {
  const enterCommand = defineScript(redis, "sluiceEnter", enterScript);
  const renewCommand = defineScript(redis, "sluiceRenew", renewScript);
  const leaveCommand = defineScript(redis, "sluiceLeave", leaveScript);
  const channel = keys.lease("turns");
  const listeners: ((predictionId: string) => void)[] = [];
  const namesOf = ({ places: { caps = [], turn } }: Pick<Placed, "places">) => [
    ...caps.map(({ name }) => keys.lease(`places:${name}`)),
    ...(turn ? [keys.lease(`turn:${turn.name}`), keys.lease(`turn-order:${turn.name}`)] : []),
  ];
  const parkedKey = (id: string) => keys.lease(`parked:${id}`);
  const allParked = keys.lease("parked");

  subscriber?.on("message", (from: string, id: string) => {
    if (from === channel) for (const listener of listeners) listener(id);
  });
  await subscriber?.subscribe(channel);

  return {
    async enter(job, forced): Promise<Entered> {
      const { caps = [], turn } = job.places;
      const names = namesOf(job);
      const [code, what, ...others] = (await enterCommand(
        names.length,
        ...names,
        job.id,
        leaseMs,
        job.acceptedAt,
        turn?.policy ?? "",
        forced ? 1 : 0,
        maxTurns,
        ...caps.map(({ max }) => max),
      )) as [number, number | string | undefined, ...string[]];
      if (code === 0) return { state: "in", first: what === 1, others };
      if (code === -1) return { state: "busy", by: String(what) };
      return code === -2 ? { state: "crowded" } : { state: "full", cap: code - 1 };
    },
    async renew(renewals) {
      const names = renewals.flatMap(({ job }) => [keys.claim(job.id), ...namesOf(job)]);
      const given = renewals.flatMap(({ job: { id, segment, places, acceptedAt }, as }) => [
        id,
        segment,
        places.caps?.length ?? 0,
        places.turn ? 1 : 0,
        as,
        acceptedAt,
      ]);
      const found = await renewCommand(names.length, ...names, leaseMs, channel, ...given);
      return (found as number[]).map((state) => states[state] ?? "gone");
    },
    async leave(job) {
      const names = namesOf(job);
      await leaveCommand(names.length, ...names, job.id, channel, job.places.turn ? 1 : 0);
    },
    onTurn: (listener) => void listeners.push(listener),
    async park(jobs) {
      const now = Date.now();
      const many = redis.multi().zremrangebyscore(allParked, "-inf", now);
      for (const job of jobs) {
        many.set(parkedKey(job.id), JSON.stringify(withoutRequest(job)), "PX", leaseMs);
        many.zadd(allParked, now + leaseMs, job.id);
      }
      await many.pexpire(allParked, leaseMs * 2).exec();
    },
    async unpark(id) {
      await redis.multi().del(parkedKey(id)).zrem(allParked, id).exec();
    },
    async findParked(id) {
      const text = await redis.get(parkedKey(id));
      return text ? (JSON.parse(text) as PredictionJob) : undefined;
    },
    async openParked(limit) {
      const ids = await redis.zrangebyscore(allParked, Date.now(), "+inf", "LIMIT", 0, limit);
      if (ids.length === 0) return [];
      const texts = await redis.mget(...ids.map(parkedKey));
      return texts.flatMap((text) => (text ? [JSON.parse(text) as PredictionJob] : []));
    },
  };
}
