import type { GuardedFetch, GuardedResponse } from "../http/guarded-fetch.ts";
import { ModelError } from "../model.ts";

export interface ProviderRequest {
  url: string;
  headers: Record<string, string>;
  body: unknown;
  signal: AbortSignal;
  timeoutMs?: number;
}

/** Posts JSON to a provider. Resolves with its 2xx answer, whose body is still to be read; rejects with ModelError. */
export async function postToProvider(
  fetch: GuardedFetch,
  { url, headers, body, signal, timeoutMs }: ProviderRequest,
): Promise<GuardedResponse> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal,
    timeoutMs: timeoutMs ?? 600_000,
    idleTimeoutMs: timeoutMs === undefined ? 600_000 : Math.max(timeoutMs, 300_000),
  });
  if (response.status >= 200 && response.status < 300) return response;
  throw await refusal(response);
}

async function refusal(response: GuardedResponse): Promise<ModelError> {
  const { status, headers } = response;
  const text = await response.text().catch(() => "");
  const { message, code } = providerWords(text);
  const words =
    message || text.trim().slice(0, 500) || `${response.statusText || "status code"} (no body)`;
  return new ModelError(`${status} ${words}`, {
    status,
    retryable:
      (status === 408 || status === 409 || status === 429 || status >= 500) &&
      code !== "insufficient_quota" &&
      headers["x-should-retry"] !== "false",
    retryAfterMs: retryAfterMs(headers),
  });
}

/** An error that arrives inside a stream which began well. */
export function streamRefusal(error: unknown): ModelError {
  const { message, code } = wordsOf(error);
  return new ModelError(message || "The provider broke off its answer", {
    retryable: code !== "insufficient_quota" && code !== "invalid_request_error",
  });
}

export const brokenOff = (): ModelError =>
  new ModelError("The connection was lost before the answer was complete", { retryable: true });

function providerWords(text: string): { message?: string; code?: string } {
  try {
    const body: unknown = JSON.parse(text);
    const outer = (Array.isArray(body) ? body[0] : body) as Record<string, unknown> | null;
    return wordsOf(outer?.error ?? outer);
  } catch {
    return {};
  }
}

/** Providers say `{error: {message, type, code}}`, `{error: "…"}`, `{message}` or `{detail: …}`. */
function wordsOf(error: unknown): { message?: string; code?: string } {
  if (typeof error === "string") return { message: error };
  if (!error || typeof error !== "object") return {};
  const { message, detail, code, type } = error as Record<string, unknown>;
  const said = message ?? detail;
  return {
    message:
      typeof said === "string" ? said : said === undefined ? undefined : JSON.stringify(said),
    code: [code, type].find((each) => typeof each === "string") as string | undefined,
  };
}

function retryAfterMs(headers: Record<string, string>): number | undefined {
  const ms = Number.parseFloat(headers["retry-after-ms"] ?? "");
  if (ms >= 0) return ms;
  const after = headers["retry-after"];
  if (!after) return undefined;
  const seconds = Number(after);
  const wait = Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
