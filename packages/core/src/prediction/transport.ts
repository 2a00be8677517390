import type { RunState } from "@sluice/engine/run-state";
import type { LogEntry, PredictionEvent, PredictionJob } from "./prediction.ts";

/** How predictions travel from the API to a worker and their events back. Redis in queue mode, memory in main mode. */
export interface ApiTransport {
  /** Name of this process's inbox, for {@link PredictionJob.replyTo}. */
  readonly inbox: string;
  /** Resolves once the job is in the queue; adding one id twice adds it once. */
  add(job: PredictionJob): Promise<void>;
  /** Live entries of a prediction, in order, without gaps; call before {@link add}. Returns what ends it. */
  follow(predictionId: string, listener: (entries: LogEntry[]) => void): () => void;
  /** The log as it is kept while a run is young; entries after `after`, all without it. */
  read(predictionId: string, after?: string): Promise<LogEntry[]>;
  cancel(predictionId: string): Promise<void>;
  /** Hears of cancels, so that who follows can look whether that was the end. */
  onCancel(listener: (predictionId: string) => void): void;
  /** Hears of conversations that {@link cancelChat} was called for, by any process. */
  onCancelChat(listener: (flowId: string, chatId: string) => void): void;
  /** Takes a prediction out of the queue that no worker has begun. False when one has, or it is not there. */
  withdraw(job: PredictionJob): Promise<boolean>;
  /**
   * Entries of any prediction after `after`, those that are there and those to come, also when another process waits for it.
   * Nothing is said about the end but by its entry. Returns what ends it.
   */
  tail(
    predictionId: string,
    after: string | undefined,
    listener: (entries: LogEntry[]) => void,
  ): () => void;
  /** Where a prediction stands that has no row in Postgres yet. */
  find(predictionId: string): Promise<OpenPrediction | undefined>;
  /** Predictions at work or waiting, at most `limit` of each. */
  open(limit: number): Promise<OpenPrediction[]>;
  /** Ids of predictions that wait, in the order in which they will be taken, about `limit` at most. */
  order(limit: number): Promise<string[]>;
  /** True while a live worker has the prediction. */
  isClaimed(predictionId: string): Promise<boolean>;
  /** True while a job of the prediction, the one of {@link add} or of {@link addAgain}, waits for a worker. */
  waits(job: Pick<PredictionJob, "id" | "segment">, mark?: string): Promise<boolean>;
  /** False for a moment after the queue was away: its workers may not have said yet what they have in hand. */
  steady(): boolean;
  /** Puts a prediction into the queue once more, under another job id. */
  addAgain(job: PredictionJob, mark: string): Promise<void>;
  /** True for one process of all for so long; its owner may ask again. */
  lease(name: string, forMs: number): Promise<boolean>;
  /** Cancels what runs or waits in a conversation now. */
  cancelChat(flowId: string, chatId: string): Promise<void>;
  /** False when a job could not be added right now. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
}

export interface OpenPrediction {
  job: PredictionJob;
  state: "queued" | "running";
}

export interface WorkerTransport {
  /** Takes jobs as capacity allows until {@link close}. The handler never rejects for a prediction's own failure. */
  consume(handler: (job: PredictionJob, attempt: number) => Promise<void>): void;
  setCapacity(capacity: number): void;
  /** Makes a job this worker's. Undefined when it must not run: finished, or another worker is at it. */
  claim(job: PredictionJob, onCancel: () => void): Promise<Claim | undefined>;
  ready(): Promise<boolean>;
  /** Jobs in hand. */
  running(): number;
  /** Takes nothing new; resolves when all in hand is done or `timeoutMs` has passed, then hands the rest back. */
  drain(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface Claim {
  fence: number;
  /** Canceled before it began. */
  canceled: boolean;
  /** Where an earlier attempt got to. */
  checkpoint: RunState | undefined;
  /** Adds an event to the log and returns its id; never waits. */
  emit(event: PredictionEvent): string;
  checkpointed(state: RunState): void;
  /** Publishes the last event; resolves when it is out. Nothing can be emitted afterwards. */
  end(event: PredictionEvent): Promise<void>;
  /** Id that the next event will have. */
  nextId(): string;
  /** What earlier attempts have told. */
  earlier(): Promise<LogEntry[]>;
  /** Puts entries of an earlier attempt back that the log has lost; before the first {@link emit}. */
  restore(entries: LogEntry[]): void;
  /** Forgets the claim without an end: another worker takes over. */
  release(): Promise<void>;
  /** Aborted when another worker has taken over, or the prediction was canceled. */
  lost: AbortSignal;
}
