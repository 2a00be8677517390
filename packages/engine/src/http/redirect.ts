import type { GuardedInit, GuardedResponse } from "./guarded-fetch.ts";

/** The usual ones, and what providers call theirs: `x-api-key`, `ocp-apim-subscription-key`, `x-chroma-token`. */
const secretHeaders = /^(authorization|cookie|proxy-authorization)$|(^|-)(key|token|secret)$/i;
const bodyHeaders = /^(content-|transfer-encoding$)/i;

/** The request that a redirect asks for, or undefined for any other answer. */
export function nextHop(
  response: GuardedResponse,
  from: URL,
  init: GuardedInit,
): { url: URL; init: GuardedInit } | undefined {
  const { status, headers } = response;
  if (![301, 302, 303, 307, 308].includes(status) || !headers.location) return undefined;
  const url = URL.parse(headers.location, from.href);
  if (!url) return undefined;
  const method = init.method?.toUpperCase() ?? "GET";
  const becomesGet =
    (status === 303 && method !== "HEAD") ||
    ((status === 301 || status === 302) && /^P/.test(method));
  const leavesOrigin = url.origin !== from.origin;
  const kept = Object.entries(init.headers ?? {}).filter(
    ([name]) =>
      !(leavesOrigin && (secretHeaders.test(name) || /^host$/i.test(name))) &&
      !(becomesGet && bodyHeaders.test(name)),
  );
  const next = { ...init, headers: Object.fromEntries(kept) };
  return { url, init: becomesGet ? { ...next, method: "GET", body: undefined } : next };
}
