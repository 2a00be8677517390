import type { GuardedFetch } from "../../http/guarded-fetch.ts";
import { ModelError } from "../../model.ts";

/** Calls Qdrant and returns the `result` of its answer. Rejects with the server's words. */
export async function qdrantCall(
  fetch: GuardedFetch,
  request: {
    url: string;
    apiKey: string | undefined;
    method: string;
    body: object | undefined;
    signal: AbortSignal;
  },
): Promise<unknown> {
  const { url, apiKey, method, body, signal } = request;
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...(apiKey && { "api-key": apiKey }) },
    ...(body && { body: JSON.stringify(body) }),
    signal,
    timeoutMs: 60_000,
  });
  const { status } = response;
  const text = await response.text();
  if (status >= 200 && status < 300) return (JSON.parse(text) as { result?: unknown }).result;
  throw new ModelError(`Qdrant: ${status} ${text.slice(0, 300)}`, {
    status,
    retryable: status === 429 || status >= 500,
  });
}
