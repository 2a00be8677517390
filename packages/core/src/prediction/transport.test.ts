import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { newRunState } from "@sluice/engine/run-state";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { until } from "../../../../test/client.ts";
import { openTcpProxy } from "../../../../test/tcp-proxy.ts";
import { openConnections } from "../redis/open-connections.ts";
import { redisSettings } from "../redis/redis-settings.ts";
import { CommonSettings } from "../settings.ts";
import { openMemoryTransport } from "./memory-transport.ts";
import {
  type FinalEvent,
  type LogEntry,
  newId,
  newPredictionId,
  type PredictionEvent,
  type PredictionJob,
} from "./prediction.ts";
import { openPredictionQueue } from "./prediction-queue.ts";
import { openRedisApiTransport } from "./redis-api-transport.ts";
import { redisKeys } from "./redis-keys.ts";
import { openRedisWorkerTransport } from "./redis-worker-transport.ts";
import type { ApiTransport, Claim, WorkerTransport } from "./transport.ts";

const quiet = { warn: () => {} };
const connect = (url: string) =>
  openConnections(redisSettings(CommonSettings.parse({ REDIS_URL: url })), quiet);
const queueOf = (name: string) => ({
  name,
  cluster: false,
  removeOnAgeS: 60,
  removeOnCount: 100,
  maxEvents: 100,
});

async function redisApi(name: string, url = inject("redisUrl")): Promise<ApiTransport> {
  const connections = connect(url);
  const queue = openPredictionQueue(connections.producer, queueOf(name));
  const api = await openRedisApiTransport(connections, queue, redisKeys(name));
  onTestFinished(async () => {
    await api.close();
    await connections.close();
  });
  return api;
}

async function redisWorker(name: string, url = inject("redisUrl")): Promise<WorkerTransport> {
  const connections = connect(url);
  const producer = openPredictionQueue(connections.producer, queueOf(name));
  const worker = await openRedisWorkerTransport(connections, producer, redisKeys(name), {
    queue: queueOf(name),
    capacity: 10,
    ceiling: 10,
    heartbeatMs: 200,
  });
  onTestFinished(async () => {
    await worker.close();
    await producer.close();
    await connections.close();
  });
  return worker;
}

const newName = () => `transport-${randomUUID().slice(0, 8)}`;
const kinds = {
  async redis() {
    const name = newName();
    return { api: await redisApi(name), worker: await redisWorker(name) };
  },
  async memory() {
    const both = openMemoryTransport({ capacity: 10, maxWaiting: 3 });
    onTestFinished(() => both.close());
    return { api: both, worker: both };
  },
};

const newJob = (more: Partial<PredictionJob> = {}): PredictionJob => ({
  id: newPredictionId(),
  segment: 0,
  flowId: newId(),
  flowVersion: 1,
  chatId: "chat",
  sessionId: "chat",
  messageId: newId(),
  executionId: newId(),
  chatType: "EXTERNAL",
  replyTo: "",
  stream: true,
  newConversation: true,
  acceptedAt: Date.now(),
  deadlineAt: Date.now() + 60_000,
  accepted: false,
  seedFence: 0,
  priority: 0,
  request: { sealed: "" },
  ...more,
});
const delta = (text: string): PredictionEvent => ({ type: "text.delta", nodeId: "n", text });
const ended = (job: PredictionJob): FinalEvent => ({
  type: "prediction.ended",
  state: "succeeded",
  status: "FINISHED",
  result: {
    text: "done",
    chatId: job.chatId,
    sessionId: job.sessionId,
    messageId: job.messageId,
    executionId: job.executionId,
    startedAt: 1,
    endedAt: 2,
  },
});
const textOf = (entries: LogEntry[]) =>
  entries.map(({ event }) => (event.type === "text.delta" ? event.text : "")).join("");
const isEnded = (entries: LogEntry[]) => entries.at(-1)?.event.type === "prediction.ended";

/** Adds a job and collects what its caller is told. */
async function ask(api: ApiTransport, more: Partial<PredictionJob> = {}) {
  const job = newJob({ replyTo: api.inbox, ...more });
  const told: LogEntry[] = [];
  api.follow(job.id, (entries) => void told.push(...entries));
  await api.add(job);
  return { job, told };
}

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])("over %s", (kind) => {
  test("events reach who waits, in order, each once, with growing ids", async () => {
    const { api, worker } = await kinds[kind]();
    worker.consume(async (job) => {
      const claim = await worker.claim(job, () => {});
      for (let i = 0; i < 200; i++) {
        claim?.emit(delta(`${i} `));
        if (i % 20 === 0) await delay(2);
      }
      await claim?.end(ended(job));
    });
    const { told } = await ask(api);
    await until(() => isEnded(told), 5000);
    expect(textOf(told)).toBe(Array.from({ length: 200 }, (_, i) => `${i} `).join(""));
    const sequence = told.map(({ id }) => Number(id.split("-")[1]));
    expect(sequence).toEqual([...sequence].sort((a, b) => a - b));
    expect(new Set(sequence).size).toBe(sequence.length);
  });

  test("a job that is added twice runs once", async () => {
    const { api, worker } = await kinds[kind]();
    let runs = 0;
    const { job, told } = await ask(api);
    await api.add(job);
    worker.consume(async (taken) => {
      const claim = await worker.claim(taken, () => {});
      if (!claim) return;
      runs++;
      await claim.end(ended(taken));
    });
    await until(() => isEnded(told), 5000);
    await api.add(job);
    await delay(100);
    expect(runs).toBe(1);
    expect(told.filter(({ event }) => event.type === "prediction.ended")).toHaveLength(1);
  });

  test("what is canceled while it waits is claimed as canceled", async () => {
    const { api, worker } = await kinds[kind]();
    const { job } = await ask(api);
    await api.cancel(job.id);
    const other = await ask(api, { chatId: "a chat of words", flowId: job.flowId });
    await api.cancelChat(job.flowId, "a chat of words");
    const free = await ask(api, { flowId: job.flowId, chatId: "another" });
    const canceled = async ({ job: waiting }: { job: PredictionJob }) =>
      (await worker.claim(waiting, () => {}))?.canceled;
    expect([await canceled({ job }), await canceled(other), await canceled(free)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("a cancel reaches what runs, and nothing else", async () => {
    const { api, worker } = await kinds[kind]();
    const heard: string[] = [];
    const jobs = [await ask(api, { chatId: "a" }), await ask(api, { chatId: "b" })];
    for (const { job } of jobs) await worker.claim(job, () => void heard.push(job.chatId));
    await api.cancelChat(jobs[1]!.job.flowId, "b");
    await until(() => heard.length > 0, 2000);
    await api.cancel(jobs[0]!.job.id);
    await until(() => heard.includes("a"), 2000);
    expect(heard[0]).toBe("b");
  });

  test("what has ended is not claimed again", async () => {
    const { api, worker } = await kinds[kind]();
    const { job } = await ask(api);
    await (await worker.claim(job, () => {}))?.end(ended(job));
    expect(await worker.claim(job, () => {})).toBeUndefined();
  });

  test("a handler that fails is tried again, from where it got to", async () => {
    const { api, worker } = await kinds[kind]();
    const state = { ...newRunState("start"), queue: ["second"] };
    const seen: (string | undefined)[] = [];
    worker.consume(async (job) => {
      const claim = await worker.claim(job, () => {});
      if (!claim) return;
      seen.push(claim.checkpoint?.queue[0]);
      if (seen.length === 1) {
        claim.checkpointed(state);
        await delay(300);
        await claim.release();
        throw new Error("the first attempt fails");
      }
      await claim.end(ended(job));
    });
    const { told } = await ask(api);
    await until(() => isEnded(told), 5000);
    expect(seen).toEqual([undefined, "second"]);
  });

  test("draining takes nothing new and waits for what is at work", async () => {
    const { api, worker } = await kinds[kind]();
    let runs = 0;
    worker.consume(async (job) => {
      runs++;
      const claim = await worker.claim(job, () => {});
      await delay(300);
      await claim?.end(ended(job));
    });
    const { told } = await ask(api);
    await until(() => runs === 1, 3000);
    const drained = worker.drain(5000);
    await ask(api);
    await drained;
    expect(isEnded(told)).toBe(true);
    await delay(200);
    expect([runs, await worker.ready()]).toEqual([1, false]);
  });
});

test("memory refuses what would wait behind too many", async () => {
  const { api } = await kinds.memory();
  for (let i = 0; i < 3; i++) await ask(api);
  await expect(ask(api)).rejects.toThrow("full");
});

describe("between workers", () => {
  test("one that is alive keeps its prediction", async () => {
    const name = newName();
    const [first, second] = [await redisWorker(name), await redisWorker(name)];
    const job = newJob();
    await until(() => first.ready(), 2000);
    expect(await first.claim(job, () => {})).toMatchObject({ fence: 1, canceled: false });
    expect(await second.claim(job, () => {})).toBeUndefined();
  });

  test("one that gives its claim up leaves it to another, at once and with the checkpoint", async () => {
    const name = newName();
    const [first, second] = [await redisWorker(name), await redisWorker(name)];
    const job = newJob();
    await until(() => first.ready(), 2000);
    const claim = (await first.claim(job, () => {})) as Claim;
    claim.checkpointed({ ...newRunState("start"), queue: ["second"] });
    await delay(300);
    await claim.release();
    const next = await second.claim(job, () => {});
    expect(next).toMatchObject({ fence: 2, checkpoint: { queue: ["second"] } });
  });

  test("one that was taken for dead can tell nothing any more, and learns it", async () => {
    const name = newName();
    const proxy = await openTcpProxy(inject("redisUrl"));
    onTestFinished(() => proxy.close());
    const [api, late, next] = [
      await redisApi(name),
      await redisWorker(name, proxy.url),
      await redisWorker(name),
    ];
    const { job, told } = await ask(api);
    await until(() => late.ready(), 2000);
    const old = (await late.claim(job, () => {})) as Claim;
    old.emit(delta("first "));
    await until(() => textOf(told) === "first ", 2000);
    proxy.freeze();
    await until(async () => {
      const claim = await next.claim(job, () => {});
      claim?.emit(delta("second "));
      await claim?.end(ended(job));
      return claim !== undefined;
    }, 5000);
    old.emit(delta("too late "));
    proxy.restore();
    await until(() => old.lost.aborted, 5000);
    await until(() => isEnded(told), 2000);
    expect(textOf(told)).toBe("first second ");
  });

  test("a dead one's work is handed over", async () => {
    const name = newName();
    const proxy = await openTcpProxy(inject("redisUrl"));
    onTestFinished(() => proxy.close());
    const [api, dying] = [await redisApi(name), await redisWorker(name, proxy.url)];
    dying.consume(async (job) => {
      const claim = await dying.claim(job, () => {});
      await new Promise((resolve) => claim?.lost.addEventListener("abort", resolve));
    });
    const { told } = await ask(api);
    await until(() => dying.running() === 1, 3000);
    proxy.freeze();
    const next = await redisWorker(name);
    next.consume(async (taken) => {
      const claim = await next.claim(taken, () => {});
      await claim?.end(ended(taken));
    });
    await until(() => isEnded(told), 10_000).finally(proxy.restore);
    expect(told.at(-1)?.id).toBe("2-1");
  });
});

describe("while the network fails", () => {
  test("a call whose answer was lost is told once", async () => {
    const name = newName();
    const proxy = await openTcpProxy(inject("redisUrl"));
    onTestFinished(() => proxy.close());
    const [api, worker] = [await redisApi(name), await redisWorker(name, proxy.url)];
    const { job, told } = await ask(api);
    const claim = (await worker.claim(job, () => {})) as Claim;
    claim.emit(delta("a "));
    await until(() => textOf(told) === "a ", 2000);
    proxy.muteReplies();
    claim.emit(delta("b "));
    await until(() => textOf(told) === "a b ", 2000);
    claim.emit(delta("c "));
    proxy.cut();
    proxy.restore();
    claim.emit(delta("d "));
    await claim.end(ended(job));
    await until(() => isEnded(told), 5000);
    expect(textOf(told)).toBe("a b c d ");
    expect(textOf(await api.read(job.id))).toBe("a b c d ");
  });

  test("what a waiting process missed is read from the log, in its place", async () => {
    const name = newName();
    const proxy = await openTcpProxy(inject("redisUrl"));
    onTestFinished(() => proxy.close());
    const [api, worker] = [await redisApi(name, proxy.url), await redisWorker(name)];
    const { job, told } = await ask(api);
    const claim = (await worker.claim(job, () => {})) as Claim;
    let emitted = "";
    const emit = (text: string) => {
      emitted += text;
      claim.emit(delta(text));
    };
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 20; i++) {
        emit(`${round}.${i} `);
        await delay(2);
        if (i === 8) proxy.cut();
        if (i === 15) proxy.restore();
      }
      await until(() => textOf(told) === emitted, 8000);
    }
    await claim.end(ended(job));
    await until(() => isEnded(told), 5000);
    expect(textOf(told)).toBe(emitted);
  }, 40_000);
});
