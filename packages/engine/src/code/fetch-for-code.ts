import { isUtf8 } from "node:buffer";
import type { GuardedFetch } from "../http/guarded-fetch.ts";
import { type HttpAnswer, type HttpRequest, maxValueLength } from "./protocol.ts";

/** Makes a request that code asked for, the guarded way, and returns what the realm's `fetch` reads. */
export async function fetchForCode(
  fetch: GuardedFetch,
  text: string,
  signal: AbortSignal,
): Promise<string> {
  const request = JSON.parse(text) as HttpRequest;
  const response = await fetch(request.url, {
    method: request.method,
    headers: request.headers,
    body: request.base64 === undefined ? request.text : Buffer.from(request.base64, "base64"),
    maxBytes: maxValueLength,
    timeoutMs: request.timeoutMs,
    signal,
  });
  const bytes = await response.bytes();
  const answer: HttpAnswer = {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
    url: response.url,
    ...(isUtf8(bytes) ? { text: bytes.toString("utf8") } : { base64: bytes.toString("base64") }),
  };
  return JSON.stringify(answer);
}
