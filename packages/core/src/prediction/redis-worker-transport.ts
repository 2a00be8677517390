import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunState } from "@sluice/engine/run-state";
import { isAnswering, type RedisConnection } from "../redis/open-redis.ts";
import { openEventPublisher, type PublisherSettings } from "./event-publisher.ts";
import type { Outbox } from "./outbox.ts";
import type { PredictionJob } from "./prediction.ts";
import {
  consumePredictions,
  jobIdOf,
  type PredictionQueue,
  type QueueSettings,
} from "./prediction-queue.ts";
import { readLog } from "./read-log.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { claimScript, defineScript, reassertScript, releaseScript } from "./redis-scripts.ts";
import type { Claim, WorkerTransport } from "./transport.ts";
import { openHeartbeat } from "./worker-heartbeat.ts";

export interface RedisWorkerOptions {
  queue: QueueSettings;
  capacity: number;
  ceiling: number;
  heartbeatMs?: number;
  publisher?: PublisherSettings;
  onHandBack?(jobs: number): void;
  /** Redis answers, and does not take what this worker says: memory full, rights missing. */
  onRefused?(error: Error): void;
}

interface InHand {
  job: PredictionJob;
  jobId: string;
  box: Outbox;
  latest: RunState | undefined;
  onCancel(): void;
  lost: AbortController;
  settled: boolean;
}

const claimedForMs = 24 * 3600_000;

/** The worker's side of queue mode. Connections belong to the caller. */
export async function openRedisWorkerTransport(
  connections: { command: RedisConnection; blocking: RedisConnection; subscriber: RedisConnection },
  producer: PredictionQueue,
  keys: RedisKeys,
  options: RedisWorkerOptions,
): Promise<WorkerTransport & { workerId: string }> {
  const { command, blocking, subscriber } = connections;
  const workerId = randomUUID().slice(0, 8);
  const inHandKey = keys.inHand(workerId);
  const claimCommand = defineScript(command, "sluiceClaim", claimScript);
  const releaseCommand = defineScript(command, "sluiceRelease", releaseScript);
  const reassertCommand = defineScript(command, "sluiceReassert", reassertScript);
  const publisher = openEventPublisher(command, keys, inHandKey, options.publisher, () => {
    void reassert().catch(() => {});
  });
  const inHand = new Map<string, InHand>();
  const currentJobIds = new Map<PredictionJob, string>();
  let capacity = options.capacity;
  let consumer: ReturnType<typeof consumePredictions> | undefined;
  let draining = false;

  const heartbeatMs = options.heartbeatMs ?? 1200;
  const report = () => ({ capacity: draining ? 0 : capacity, running: inHand.size });
  const heartbeat = openHeartbeat(command, keys, producer, {
    workerId,
    intervalMs: heartbeatMs,
    report,
    // A cancel whose message was lost is found by its mark.
    onBeat() {
      void checkCancels();
      void reassertIfForgotten().catch(() => {});
    },
    ...(options.onRefused && { onRefused: options.onRefused }),
  });
  command.on("ready", () => void reassert().catch(() => {}));

  /** Redis was away, and may have forgotten whose predictions these are. */
  async function reassert(): Promise<void> {
    const held = [...inHand.values()];
    if (held.length === 0) return;
    await reassertCommand(
      2 + held.length,
      keys.worker(workerId),
      inHandKey,
      ...held.map(({ job }) => keys.claim(job.id)),
      workerId,
      JSON.stringify(report()),
      3 * heartbeatMs,
      claimedForMs,
      ...held.flatMap(({ box, jobId, latest }) => [
        box.fence,
        jobId,
        latest ? JSON.stringify(latest) : "",
      ]),
    );
  }

  /** Redis may be emptied without any connection being cut. */
  async function reassertIfForgotten(): Promise<void> {
    if (inHand.size > 0 && (await command.exists(inHandKey)) === 0) await reassert();
  }

  subscriber.on("message", (channel: string, message: string) => {
    if (channel !== keys.cancelChannel) return;
    const [kind, first, ...rest] = message.split(" ");
    for (const held of inHand.values()) {
      const { job } = held;
      if (
        kind === "prediction"
          ? job.id === first
          : job.flowId === first && job.chatId === rest.join(" ")
      )
        held.onCancel();
    }
  });
  await subscriber.subscribe(keys.cancelChannel);
  subscriber.on("ready", () => void checkCancels());

  async function checkCancels(): Promise<void> {
    const all = [...inHand.values()];
    if (all.length === 0) return;
    const names = all.flatMap(({ job: { id, flowId, chatId } }) => [
      keys.cancel(id),
      keys.cancelChat(flowId, chatId),
    ]);
    const marks = await command.mget(...names).catch(() => []);
    for (const [i, held] of all.entries())
      if (marks[2 * i] || Number(marks[2 * i + 1] ?? 0) >= held.job.acceptedAt) held.onCancel();
  }

  async function claim(job: PredictionJob, onCancel: () => void): Promise<Claim | undefined> {
    // A second job of a prediction that runs here: the one at work is enough.
    if (inHand.has(job.id)) return undefined;
    const jobId = currentJobIds.get(job) ?? jobIdOf(job);
    const [fence, state, saved] = (await claimCommand(
      5,
      keys.claim(job.id),
      keys.cancel(job.id),
      keys.cancelChat(job.flowId, job.chatId),
      inHandKey,
      keys.log(job.id),
      workerId,
      job.acceptedAt,
      claimedForMs,
      jobId,
      keys.worker(""),
      job.seedFence,
    )) as [number, number, string | null];
    if (state === 2) return undefined;
    const lost = new AbortController();
    const now = Date.now();
    const box: Outbox = {
      predictionId: job.id,
      jobId,
      fence,
      channel: job.replyTo ? keys.inboxChannel(job.replyTo) : "",
      stream: job.stream,
      sequence: 0,
      sent: "",
      pending: [],
      checkpoint: undefined,
      startedAt: now,
      lastFlushAt: 0,
      logged: false,
      kept: [],
      forgotten: false,
      restored: [],
      keepsLog: job.accepted,
      urgent: false,
      flowing: false,
      ended: undefined,
      onLost: () => lost.abort(),
    };
    const held: InHand = { job, jobId, box, latest: undefined, onCancel, lost, settled: false };
    inHand.set(job.id, held);
    publisher.add(box);
    const settle = () => {
      held.settled = true;
      inHand.delete(job.id);
    };
    return {
      fence,
      canceled: state === 1,
      checkpoint: saved ? (JSON.parse(saved) as RunState) : undefined,
      emit: (event) => publisher.emit(box, event),
      nextId: () => `${fence}-${box.sequence + 1}`,
      earlier: () => (fence > 1 ? readLog(command, keys.log(job.id)) : Promise.resolve([])),
      restore(entries) {
        box.restored.push(...entries);
      },
      checkpointed(run) {
        held.latest = run;
        publisher.checkpoint(box, run);
      },
      async end(event) {
        publisher.emit(box, event);
        await publisher.end(box);
        settle();
      },
      async release() {
        publisher.remove(box);
        settle();
        // Else whoever tries it again would find it in the hands of a worker that is alive.
        await releaseCommand(2, keys.claim(job.id), inHandKey, fence, "", jobId).catch(() => {});
      },
      lost: lost.signal,
    };
  }

  /** Gives a running prediction to whoever is free; it goes on after its last finished node. */
  async function handBack(held: InHand): Promise<void> {
    // What is known is told first: the checkpoint must not be ahead of what readers have seen.
    await publisher.drained(held.box, 2000);
    held.lost.abort();
    publisher.remove(held.box);
    inHand.delete(held.job.id);
    const checkpoint = held.latest ? JSON.stringify(held.latest) : "";
    await releaseCommand(
      2,
      keys.claim(held.job.id),
      inHandKey,
      held.box.fence,
      checkpoint,
      held.jobId,
    );
    await producer.add(held.job, `${jobIdOf(held.job)}-h${held.box.fence}`);
  }

  const openConsumer = (handle: (job: PredictionJob, attempt: number) => Promise<void>) =>
    consumePredictions(
      blocking,
      { ...options.queue, concurrency: Math.min(capacity, options.ceiling) },
      async (job, jobId, attempt) => {
        // A fetch that was under way when draining began still brings a job: it is for the others.
        if (draining) return producer.add(job, `${jobId}-d${workerId}`);
        currentJobIds.set(job, jobId);
        try {
          await handle(job, attempt);
        } finally {
          currentJobIds.delete(job);
        }
      },
    );

  return {
    workerId,
    consume(handler) {
      // What a worker claims before it is known to be alive, nobody would hand over if it died.
      void heartbeat.begun.then(() => {
        if (!draining) consumer = openConsumer(handler);
      });
    },
    setCapacity(next) {
      capacity = Math.min(next, options.ceiling);
      consumer?.setConcurrency(Math.max(1, capacity));
    },
    claim,
    ready: async () =>
      !draining &&
      (consumer?.isRunning() ?? true) &&
      heartbeat.beating() &&
      (await isAnswering(command)),
    running: () => inHand.size,
    async drain(timeoutMs) {
      draining = true;
      await consumer?.pause();
      const until = Date.now() + timeoutMs;
      while (currentJobIds.size > 0 && Date.now() < until) await sleep(50);
      options.onHandBack?.(inHand.size);
      // Until the handlers have ended, too: one that was just claiming comes late.
      const givenBackBy = Date.now() + 3000;
      do {
        await Promise.all([...inHand.values()].map((held) => handBack(held).catch(() => {})));
        await sleep(20);
      } while (currentJobIds.size > 0 && Date.now() < givenBackBy);
    },
    async close() {
      await heartbeat.close();
      publisher.close();
      await consumer?.close(inHand.size > 0 || draining);
    },
  };
}
