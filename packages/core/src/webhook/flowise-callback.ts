import { createHmac } from "node:crypto";
import type { CredentialKey } from "../credential/credential-key.ts";
import { seal, unseal } from "../credential/seal.ts";
import type { PredictionResult } from "../prediction/prediction.ts";
import type { PredictionSnapshot } from "./send.ts";

/** Where a flow with an asynchronous webhook trigger wants its answer, and how it is signed. */
export interface FlowiseCallback {
  format: "flowise";
  url: string;
  events: string[];
  /** Sealed; "" for an answer without a signature. */
  secret: string;
}

const about = "flowise callback secret";

export const flowiseCallback = (
  key: CredentialKey,
  url: string,
  secret: string,
): FlowiseCallback => ({
  format: "flowise",
  url,
  events: [],
  secret: secret ? seal(key, secret, about).toString("base64") : "",
});

/** The callback in a prediction's webhook; undefined for a webhook of our own kind. */
export function readFlowiseCallback(webhook: unknown): FlowiseCallback | undefined {
  const parsed = typeof webhook === "string" ? (JSON.parse(webhook) as FlowiseCallback) : undefined;
  return parsed?.format === "flowise" ? parsed : undefined;
}

/** Body and signature of Flowise's callback. */
export function callbackMessage(
  key: CredentialKey,
  { secret }: FlowiseCallback,
  snapshot: PredictionSnapshot,
): { body: string; headers: Record<string, string> } {
  const body = JSON.stringify(callbackBody(snapshot));
  if (!secret) return { body, headers: {} };
  const opened = unseal(key, Buffer.from(secret, "base64"), about).toString("utf8");
  const signature = createHmac("sha256", opened).update(body).digest("hex");
  return { body, headers: { "x-flowise-signature": `sha256=${signature}` } };
}

function callbackBody({ state, chat_id: chatId, result, error, execution_id }: PredictionSnapshot) {
  const ended = result ? (JSON.parse(result) as PredictionResult) : undefined;
  if (state === "paused")
    return {
      status: "STOPPED",
      chatId,
      data: { text: ended?.text, executionId: execution_id, action: ended?.action },
    };
  if (state !== "succeeded")
    return { status: "ERROR", chatId, error: error ?? `The run was ${state}` };
  return {
    status: "SUCCESS",
    chatId,
    data: {
      text: ended?.text,
      ...(ended?.question && { question: ended.question }),
      chatId,
      chatMessageId: ended?.messageId,
      executionId: execution_id,
      sessionId: ended?.sessionId,
    },
  };
}
