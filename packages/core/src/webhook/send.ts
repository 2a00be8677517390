import { FetchError } from "@sluice/engine/http/fetch-error";
import type { GuardedFetch } from "@sluice/engine/http/guarded-fetch";
import type { CredentialKey } from "../credential/credential-key.ts";
import type { PredictionRow } from "../prediction/accepted-prediction.ts";
import type { Attempt, DeliveryRow } from "./delivery.ts";
import { callbackMessage, readFlowiseCallback } from "./flowise-callback.ts";
import { retryAfterMs, retryDelayMs } from "./retry-delay.ts";
import { signedHeaders } from "./signature.ts";

/** A prediction as it was when its webhook was written into the outbox. */
export type PredictionSnapshot = Pick<
  PredictionRow,
  | "id"
  | "flow_id"
  | "flow_version"
  | "state"
  | "chat_id"
  | "session_id"
  | "result"
  | "error"
  | "execution_id"
  | "metadata"
  | "priority"
  | "created_at"
  | "started_at"
  | "finished_at"
  | "deadline_at"
  | "webhook"
>;

export interface Sending {
  fetch: GuardedFetch;
  secret: Buffer;
  /** Opens the secrets of callbacks that flows ask for. */
  credentialKey: CredentialKey;
  /** The prediction as callers of our API see it. */
  view(snapshot: PredictionSnapshot): unknown;
  timeoutMs: number;
}

/** Sends a delivery once and says how it went; never rejects. */
export async function send(sending: Sending, row: DeliveryRow): Promise<Attempt> {
  const { fetch, timeoutMs } = sending;
  const again = (status: number | null, error: string, askedMs = 0): Attempt => {
    const inMs = retryDelayMs(row.attempts, askedMs);
    return inMs === undefined
      ? { outcome: "failed", status, error }
      : { outcome: "again", status, error, inMs };
  };
  try {
    const { body, headers } = messageOf(sending, row);
    const response = await fetch(row.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "Sluice-Webhook/1",
        ...headers,
      },
      body,
      signal: AbortSignal.timeout(timeoutMs),
      maxRedirects: 0,
    });
    const { status } = response;
    response.body.destroy();
    if (status >= 200 && status < 300) return { outcome: "delivered", status };
    // 410 Gone is how a receiver says that it wants no more of this.
    if (status === 410) return { outcome: "failed", status, error: "The receiver is gone (410)" };
    return again(
      status,
      `The receiver answered ${status}`,
      retryAfterMs(response.headers["retry-after"]),
    );
  } catch (error) {
    return again(null, wordsOf(error, timeoutMs));
  }
}

function wordsOf(error: unknown, timeoutMs: number): string {
  if (error instanceof FetchError) return error.message;
  if ((error as Error)?.name === "TimeoutError")
    return `The receiver did not answer within ${timeoutMs / 1000} s`;
  return error instanceof Error ? error.message : String(error);
}

function messageOf({ secret, credentialKey, view }: Sending, row: DeliveryRow) {
  const kept = JSON.parse(row.payload) as Record<keyof PredictionSnapshot, unknown>;
  const date = (value: unknown) => (typeof value === "string" ? new Date(value) : null);
  const snapshot = {
    ...kept,
    created_at: date(kept.created_at),
    started_at: date(kept.started_at),
    finished_at: date(kept.finished_at),
    deadline_at: date(kept.deadline_at),
  } as PredictionSnapshot;
  const callback = readFlowiseCallback(snapshot.webhook);
  if (callback) return callbackMessage(credentialKey, callback, snapshot);
  const body = JSON.stringify({
    type: row.event,
    timestamp: row.created_at.toISOString(),
    data: view(snapshot),
  });
  return { body, headers: signedHeaders(secret, row.id, Math.floor(Date.now() / 1000), body) };
}
