import { setTimeout as sleep } from "node:timers/promises";
import { FetchError } from "../http/fetch-error.ts";
import { ModelError, type ModelRequest } from "../model.ts";

export interface RetryPolicy {
  maxRetries: number;
  firstDelayMs: number;
  maxDelayMs: number;
  /** A provider that asks for a longer pause is not waited for. */
  maxRetryAfterMs: number;
  /** After this long no further attempt begins. */
  maxTotalMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxRetries: 4,
  firstDelayMs: 500,
  maxDelayMs: 8_000,
  maxRetryAfterMs: 30_000,
  maxTotalMs: 60_000,
};

type Retried = Pick<ModelRequest, "signal" | "onText" | "onReasoning">;

/** Tries again what may succeed, as long as the caller has been given nothing of the answer. */
export async function withRetry<R extends Retried, A>(
  request: R,
  attempt: (request: R) => Promise<A>,
  policy: RetryPolicy = defaultRetryPolicy,
): Promise<A> {
  const { signal, onText, onReasoning } = request;
  let delivered = false;
  const watch = (deliver: ((text: string) => void) | undefined) =>
    deliver &&
    ((text: string) => {
      delivered = true;
      deliver(text);
    });
  const watched = { ...request, onText: watch(onText), onReasoning: watch(onReasoning) };
  const begun = performance.now();
  for (let retries = 0; ; retries++) {
    try {
      signal.throwIfAborted();
      return await attempt(watched);
    } catch (cause) {
      signal.throwIfAborted();
      const error = asModelError(cause);
      const delayMs = delayOf(error, retries, policy);
      const elapsedMs = performance.now() - begun;
      if (delivered || delayMs === undefined || elapsedMs + delayMs > policy.maxTotalMs)
        throw error;
      // The timer rejects with an error of its own; the signal's reason is the one to report.
      await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function delayOf(error: unknown, retries: number, policy: RetryPolicy): number | undefined {
  if (!(error instanceof ModelError) || !error.retryable || retries >= policy.maxRetries)
    return undefined;
  if (error.retryAfterMs !== undefined)
    return error.retryAfterMs <= policy.maxRetryAfterMs ? error.retryAfterMs : undefined;
  const full = Math.min(policy.firstDelayMs * 2 ** retries, policy.maxDelayMs);
  return full * (0.75 + Math.random() / 4); // spread, so that callers refused together do not return together
}

function asModelError(error: unknown): unknown {
  if (error instanceof SyntaxError)
    return new ModelError("The provider's answer is not valid JSON", { cause: error });
  if (!(error instanceof FetchError)) return error;
  const retryable = error.code === "connection" || error.code === "timeout";
  return new ModelError(error.message, { retryable, cause: error });
}
