import { type Job, type KeepJobs, Queue, Worker } from "bullmq";
import type { RedisConnection } from "../redis/open-redis.ts";
import { maxAttempts, type PredictionJob } from "./prediction.ts";

export interface QueueSettings {
  /** `QUEUE_NAME`; the queue is `<name>-prediction`. */
  name: string;
  cluster: boolean;
  /** Fewer commands, for a Redis that bills each; dead workers are noticed later. */
  frugal?: boolean;
  removeOnAgeS: number;
  removeOnCount: number;
  maxEvents: number;
}

const backoff = { type: "exponential", delay: 500 };

/** In a Cluster the jobs lie where the queue's other keys do: a master that fails takes a queue along wholly or not at all. */
export const prefixOf = ({ cluster, name }: Pick<QueueSettings, "cluster" | "name">) =>
  cluster ? `{sluice:${name}}:bull` : "bull";
// A negative value switches a bound off, as in Flowise.
function keep({ removeOnAgeS: age, removeOnCount: count }: QueueSettings): KeepJobs {
  if (age >= 0) return { age, ...(count >= 0 && { count }) };
  return { count: count >= 0 ? count : -1 };
}

export const jobIdOf = (job: Pick<PredictionJob, "id" | "segment">): string =>
  `${job.id}-${job.segment}`;

/** The producer's side of the queue. */
export function openPredictionQueue(connection: RedisConnection, settings: QueueSettings) {
  const queue = new Queue<PredictionJob>(`${settings.name}-prediction`, {
    connection,
    prefix: prefixOf(settings),
    streams: { events: { maxLen: settings.maxEvents } },
    skipVersionCheck: true,
  });
  queue.on("error", () => {}); // the connection's owner reports
  return {
    async add(job: PredictionJob, jobId = jobIdOf(job)): Promise<void> {
      await queue.add("prediction", job, {
        jobId,
        attempts: maxAttempts,
        backoff,
        ...(job.priority > 0 && { priority: job.priority }),
        removeOnComplete: keep(settings),
        removeOnFail: keep(settings),
      });
    },
    async find(jobId: string): Promise<PredictionJob | undefined> {
      return (await queue.getJob(jobId))?.data;
    },
    /** A job, and whether it is over: such are kept for a while. */
    async look(jobId: string): Promise<{ job: PredictionJob; over: boolean } | undefined> {
      const job = await queue.getJob(jobId);
      return job && { job: job.data, over: job.finishedOn !== undefined };
    },
    /** Takes a job out that waits; false when somebody works at it, or it is not there. */
    async remove(jobId: string): Promise<boolean> {
      return (await this.waits(jobId)) && (await queue.remove(jobId).catch(() => 0)) === 1;
    },
    /** Jobs that workers have taken. */
    active: async (limit: number): Promise<PredictionJob[]> =>
      (await queue.getActive(0, limit - 1)).map(({ data }) => data),
    /** True while a job waits to be taken. */
    async waits(jobId: string): Promise<boolean> {
      const state = await queue.getJobState(jobId);
      return state === "waiting" || state === "prioritized" || state === "delayed";
    },
    /** Jobs at work and waiting, newest first, at most `limit` of each. */
    async open(limit: number): Promise<{ job: PredictionJob; running: boolean }[]> {
      const [active, waiting] = await Promise.all([
        queue.getActive(0, limit - 1),
        queue.getJobs(["waiting", "prioritized", "delayed"], 0, limit - 1),
      ]);
      return [
        ...active.map(({ data }) => ({ job: data, running: true })),
        ...waiting.map(({ data }) => ({ job: data, running: false })),
      ];
    },
    /** Ids of jobs that wait, in the order in which they are taken, at most `limit` of each kind. */
    order: (limit: number): Promise<string[]> =>
      queue.getRanges(["waiting", "prioritized"], 0, limit - 1, true),
    /** Jobs that wait for a worker. */
    backlog: (): Promise<number> => queue.getWaitingCount(),
    close: (): Promise<void> => queue.close(),
  };
}
export type PredictionQueue = ReturnType<typeof openPredictionQueue>;

/** Takes jobs, as many at a time as `concurrency` allows. */
export function consumePredictions(
  connection: RedisConnection,
  settings: QueueSettings & { concurrency: number },
  handle: (job: PredictionJob, jobId: string, attempt: number) => Promise<void>,
) {
  const worker = new Worker<PredictionJob>(
    `${settings.name}-prediction`,
    async (job: Job<PredictionJob>) => {
      // An attempt that a dead worker began counts, too.
      const attempt = Math.max(job.attemptsMade, job.attemptsStarted - 1);
      await handle(job.data, job.id ?? jobIdOf(job.data), attempt);
    },
    {
      connection,
      prefix: prefixOf(settings),
      concurrency: settings.concurrency,
      // A wide backstop: dead workers are noticed by their heartbeat long before.
      lockDuration: 120_000,
      stalledInterval: settings.frugal ? 300_000 : 60_000,
      maxStalledCount: 3,
      drainDelay: settings.frugal ? 30 : 5,
      removeOnComplete: keep(settings),
      removeOnFail: keep(settings),
      skipVersionCheck: true,
    },
  );
  worker.on("error", () => {});
  return {
    setConcurrency(concurrency: number): void {
      worker.concurrency = concurrency;
    },
    isRunning: (): boolean => worker.isRunning() && !worker.isPaused(),
    /** Takes nothing new; jobs in hand go on. */
    pause: (): Promise<void> => worker.pause(true),
    close: (force: boolean): Promise<void> => worker.close(force),
  };
}
