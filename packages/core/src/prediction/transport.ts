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
  /** Cancels what runs or waits in a conversation now. */
  cancelChat(flowId: string, chatId: string): Promise<void>;
  /** False when a job could not be added right now. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
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
  /** Adds an event to the log; never waits. */
  emit(event: PredictionEvent): void;
  checkpointed(state: RunState): void;
  /** Publishes the last event; resolves when it is out. Nothing can be emitted afterwards. */
  end(event: PredictionEvent): Promise<void>;
  /** Forgets the claim without an end: another worker takes over. */
  release(): void;
  /** Aborted when another worker has taken over, or the prediction was canceled. */
  lost: AbortSignal;
}
