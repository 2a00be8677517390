import { randomUUID } from "node:crypto";
import { isAnswering, type RedisConnection } from "../redis/open-redis.ts";
import { openLogTailer } from "./log-tailer.ts";
import { compareEntryIds, type LogEntry, type PredictionJob } from "./prediction.ts";
import { jobIdOf, type PredictionQueue } from "./prediction-queue.ts";
import { freshEntries, readLog } from "./read-log.ts";
import type { RedisKeys } from "./redis-keys.ts";
import type { ApiTransport } from "./transport.ts";

interface Follower {
  listener: (entries: LogEntry[]) => void;
  /** Id of the last entry passed on. */
  last: string;
  /** Messages that wait for a repair to end. */
  held: LogEntry[][] | undefined;
}

const canceledForS = 24 * 3600;
/** Longer than any process takes to connect again. */
const unsteadyMs = 5000;

/** The API's side of queue mode: one inbox for all predictions that this process waits for. */
export async function openRedisApiTransport(
  connections: { producer: RedisConnection; subscriber: RedisConnection; command: RedisConnection },
  queue: PredictionQueue,
  keys: RedisKeys,
): Promise<ApiTransport> {
  const { producer, subscriber, command } = connections;
  const tailer = openLogTailer(command, keys);
  const cancelListeners: ((predictionId: string) => void)[] = [];
  const chatListeners: ((flowId: string, chatId: string) => void)[] = [];
  const inbox = randomUUID().slice(0, 8);
  const channel = keys.inboxChannel(inbox);
  const followers = new Map<string, Set<Follower>>();

  const read = (predictionId: string, after?: string) =>
    readLog(producer, keys.log(predictionId), after);

  function deliver(follower: Follower, entries: LogEntry[]): void {
    const fresh = freshEntries(entries, follower.last);
    if (fresh.length === 0) return;
    follower.last = fresh.at(-1)!.id;
    follower.listener(fresh);
  }

  /** Reads what a follower has missed; messages that come meanwhile wait. */
  async function repair(predictionId: string, follower: Follower): Promise<void> {
    follower.held ??= [];
    let held: LogEntry[][] = [];
    try {
      deliver(follower, await read(predictionId, follower.last || undefined));
      held = follower.held;
    } catch {
      // Redis is away again: the next message or reconnect repairs. What came meanwhile would hide the gap.
    }
    follower.held = undefined;
    for (const entries of held) deliver(follower, entries);
  }

  function receive(line: string): void {
    const [predictionId = "", after = "-"] = line.split(" ", 2);
    const group = followers.get(predictionId);
    if (!group) return;
    const entries = JSON.parse(line.slice(predictionId.length + after.length + 2)) as LogEntry[];
    for (const follower of group) {
      if (follower.held) follower.held.push(entries);
      else if (after === "-" || after === follower.last || isNext(follower.last, after))
        deliver(follower, entries);
      else {
        follower.held = [entries];
        void repair(predictionId, follower);
      }
    }
  }

  subscriber.on("message", (from: string, message: string) => {
    if (from === channel) for (const line of message.split("\n")) receive(line);
    else if (from === keys.cancelChannel && message.startsWith("prediction "))
      for (const listener of cancelListeners) listener(message.slice("prediction ".length));
    else if (from === keys.cancelChannel) {
      const [, flowId = "", ...chatId] = message.split(" ");
      for (const listener of chatListeners) listener(flowId, chatId.join(" "));
    }
  });
  subscriber.on("ready", () => {
    for (const [predictionId, group] of followers)
      for (const follower of group) void repair(predictionId, follower);
  });
  await subscriber.subscribe(channel, keys.cancelChannel);

  let readySince = Date.now();
  producer.on("ready", () => {
    readySince = Date.now();
  });

  async function isClaimed(predictionId: string): Promise<boolean> {
    const [worker, ended] = await producer.hmget(keys.claim(predictionId), "worker", "ended");
    return !!worker && !ended && (await producer.exists(keys.worker(worker))) === 1;
  }

  return {
    inbox,
    add: (job: PredictionJob) => queue.add(job),
    follow(predictionId, listener) {
      const follower: Follower = { listener, last: "", held: undefined };
      const group = followers.get(predictionId) ?? new Set();
      followers.set(predictionId, group.add(follower));
      return () => {
        group.delete(follower);
        if (group.size === 0) followers.delete(predictionId);
      };
    },
    read,
    async cancel(predictionId) {
      await producer.set(keys.cancel(predictionId), "1", "EX", canceledForS);
      await producer.publish(keys.cancelChannel, `prediction ${predictionId}`);
    },
    async cancelChat(flowId, chatId) {
      const [seconds, micros] = await producer.time();
      const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
      await producer.set(keys.cancelChat(flowId, chatId), now, "EX", canceledForS);
      await producer.publish(keys.cancelChannel, `chat ${flowId} ${chatId}`);
    },
    onCancel: (listener) => void cancelListeners.push(listener),
    onCancelChat: (listener) => void chatListeners.push(listener),
    withdraw: (job) => queue.remove(jobIdOf(job)),
    tail: tailer.tail,
    isClaimed,
    async find(predictionId) {
      // A run that was paused and resumed goes by a later segment; those have a row in Postgres.
      const found = await queue.look(jobIdOf({ id: predictionId, segment: 0 }));
      if (!found) return undefined;
      const { job, over } = found;
      // One that was handed back goes on under another job; its claim tells.
      if (over) {
        const [fence, ended] = await producer.hmget(keys.claim(predictionId), "fence", "ended");
        if (!fence || ended) return undefined;
      }
      return { job, state: (await isClaimed(predictionId)) ? "running" : "queued" };
    },
    async open(limit) {
      const jobs = await queue.open(limit);
      return jobs.map(({ job, running }) => ({ job, state: running ? "running" : "queued" }));
    },
    order: async (limit) => (await queue.order(limit)).map((jobId) => jobId.split("-", 1)[0] ?? ""),
    waits: (job, mark) => queue.waits(mark ? `${jobIdOf(job)}-${mark}` : jobIdOf(job)),
    steady: () => producer.status === "ready" && Date.now() - readySince > unsteadyMs,
    addAgain: (job, mark) => queue.add(job, `${jobIdOf(job)}-${mark}`),
    async lease(name, forMs) {
      const key = keys.lease(name);
      if (await producer.set(key, inbox, "PX", forMs, "NX")) return true;
      return (await producer.get(key)) === inbox && (await producer.pexpire(key, forMs)) === 1;
    },
    ready: async () => subscriber.status === "ready" && (await isAnswering(producer)),
    async close() {
      tailer.close();
      await queue.close();
    },
  };
}

/** A new attempt begins its own count: nothing of the last one is missing if we have seen that. */
const isNext = (last: string, after: string) => last !== "" && compareEntryIds(last, after) >= 0;
