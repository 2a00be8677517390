import type { GuardedFetch } from "../../http/guarded-fetch.ts";
import { ModelError } from "../../model.ts";

/** Calls Chroma; undefined where what is asked for does not exist. Rejects with the server's words. */
export async function chromaCall(
  fetch: GuardedFetch,
  request: {
    url: string;
    token: string | undefined;
    method: string;
    body: object | undefined;
    signal: AbortSignal;
  },
): Promise<unknown> {
  const { url, token, method, body, signal } = request;
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...(token && { "x-chroma-token": token }) },
    ...(body && { body: JSON.stringify(body) }),
    signal,
    timeoutMs: 60_000,
  });
  const { status } = response;
  const text = await response.text();
  if (status >= 200 && status < 300) return text ? JSON.parse(text) : {};
  if (status === 404 && method === "GET") return undefined;
  throw new ModelError(`Chroma: ${status} ${text.slice(0, 300)}`, {
    status,
    retryable: status === 429 || status >= 500,
  });
}
