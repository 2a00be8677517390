import { randomBytes, randomUUID } from "node:crypto";
import type { FlowEvent, NodeRecord, RunStatus } from "@sluice/engine/event";
import type { ChatOutcome } from "@sluice/engine/run";
import type { Upload } from "@sluice/engine/run-input";
import type { TraceCarrier } from "../tracing/tracing.ts";
import type { Places } from "./places.ts";

/** The states of a prediction; the last four are final and never left. */
export type PredictionState =
  | "queued"
  | "running"
  | "paused"
  | "succeeded"
  | "failed"
  | "canceled"
  | "expired";

/** What a caller asks of a flow: the fields of Flowise's prediction body that a run reads. */
export interface PredictionRequest {
  question?: string;
  form?: Record<string, unknown>;
  history?: unknown;
  overrideConfig?: Record<string, unknown>;
  uploads?: Upload[];
  humanInput?: { type: string; startNodeId?: string; feedback?: string };
  leadEmail?: string;
  webhook?: Record<string, unknown>;
}

/** What travels through the queue: the request, and of the flow only its id and version. */
export interface PredictionJob {
  id: string;
  segment: number;
  flowId: string;
  flowVersion: number;
  chatId: string;
  sessionId: string;
  messageId: string;
  executionId: string;
  chatType: string;
  /** Inbox of the API process that waits; empty when nobody does. */
  replyTo: string;
  /** Events are wanted as they come, not only the end. */
  stream: boolean;
  /** No earlier messages can exist. */
  newConversation: boolean;
  /** Milliseconds since the epoch, by Redis's clock in queue mode. */
  acceptedAt: number;
  /** Past this the caller is gone: work that has not begun is not started. */
  deadlineAt: number;
  /** Stored in Postgres before it was answered with 202: an attempt after the first asks there first. */
  accepted: boolean;
  /** The highest fence that Postgres knows of, should Redis have forgotten. */
  seedFence: number;
  /** 0 goes first; higher numbers, up to 10, wait behind. */
  priority: number;
  /** The trace that it belongs to; absent where nothing is traced. */
  trace?: TraceCarrier;
  /** Absent where neither the flow nor the key limits what is open at once. */
  places?: Places;
  /** It is canceled when everybody who was connected for it has gone. */
  onDisconnect?: "cancel";
  /** The request, sealed; or the key of an object that holds it. */
  request: { sealed: string } | { object: string };
}

/** An event of a prediction's log. `id` is `<fence>-<sequence>` and only grows. */
export interface LogEntry {
  id: string;
  event: PredictionEvent;
}

export type PredictionEvent = FlowEvent | FinalEvent;

/** The last entry of every log. */
export interface FinalEvent {
  type: "prediction.ended";
  state: PredictionState;
  status: RunStatus;
  result: PredictionResult;
}

/** What the API answers from. */
export interface PredictionResult {
  text: string;
  error?: string;
  question?: string;
  form?: Record<string, unknown>;
  chatId: string;
  sessionId: string;
  messageId: string;
  executionId: string;
  action?: Record<string, unknown>;
  /** What a chatflow answered, in place of records. */
  chat?: ChatOutcome;
  /** Questions that may come next, of an agentflow. */
  followUpPrompts?: string[];
  /** Execution records, credential ids removed; absent where the reader has them from `node.finished`. */
  records?: NodeRecord[];
  startedAt: number;
  endedAt: number;
}

/** Attempts are for lost workers and hand-backs; a provider's errors are retried inside the model call. */
export const maxAttempts = 5;

export const newId = (): string => randomUUID();

/** `prd_` and 26 characters that sort by time. */
export function newPredictionId(now = Date.now()): string {
  const time = now.toString(32).padStart(10, "0");
  return `prd_${time}${randomBytes(10).toString("hex").slice(0, 16)}`;
}

export const isFinal = (state: PredictionState): boolean =>
  state === "succeeded" || state === "failed" || state === "canceled" || state === "expired";

/** -1, 0 or 1 by fence, then sequence. */
export function compareEntryIds(a: string, b: string): number {
  const [fenceA = 0, sequenceA = 0] = a.split("-").map(Number);
  const [fenceB = 0, sequenceB = 0] = b.split("-").map(Number);
  return Math.sign(fenceA - fenceB || sequenceA - sequenceB);
}
