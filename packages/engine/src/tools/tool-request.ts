import type { GuardedInit } from "../http/guarded-fetch.ts";
import type { NodeRun } from "../node.ts";

const defaultTimeoutMs = 30_000;
const maxBytes = 10_000_000;

export interface ToolAnswer {
  status: number;
  statusText: string;
  headers: Record<string, string>;
  text: string;
  isOk: boolean;
}

/** One request of a tool, read to its end; bounded in time as a whole and in size. */
export async function requestText(
  url: string | URL,
  init: Pick<GuardedInit, "method" | "headers" | "body" | "timeoutMs">,
  { services }: NodeRun,
): Promise<ToolAnswer> {
  const timeoutMs = init.timeoutMs ?? defaultTimeoutMs;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([services.signal, deadline]);
  try {
    const response = await services.fetch(String(url), { maxBytes, ...init, timeoutMs, signal });
    const { status, statusText, headers } = response;
    const text = await response.text();
    return { status, statusText, headers, text, isOk: status >= 200 && status < 300 };
  } catch (error) {
    if (services.signal.aborted || !deadline.aborted) throw error;
    const { host } = new URL(url);
    throw new Error(`${host} did not answer within ${timeoutMs} ms`, { cause: error });
  }
}

/** Asks a provider's API for JSON; `provider` is named in errors. */
export async function requestJson(
  provider: string,
  url: string | URL,
  init: Pick<GuardedInit, "method" | "headers" | "body">,
  context: NodeRun,
): Promise<unknown> {
  const answer = await requestText(url, init, context);
  if (!answer.isOk)
    throw new Error(`Got ${answer.status} error from ${provider}: ${answer.statusText}`);
  try {
    return JSON.parse(answer.text);
  } catch (cause) {
    throw new Error(`${provider} did not answer with JSON`, { cause });
  }
}
