import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import { isIP } from "node:net";
import { getCACertificates } from "node:tls";
import {
  type AddressPolicy,
  type AddressPolicySetting,
  addressPolicy,
  bareHost,
} from "./address-policy.ts";
import { checkedLookup, type Resolve } from "./checked-lookup.ts";
import { connectionError, denied, FetchError } from "./fetch-error.ts";
import type { GuardedFetch, GuardedInit, GuardedResponse } from "./guarded-fetch.ts";
import { guardedResponse } from "./guarded-response.ts";
import { nextHop } from "./redirect.ts";

export interface GuardedFetchSetting extends AddressPolicySetting {
  /** How long a resolved and checked host is reused; default 5 s. */
  dnsTtlMs?: number;
  /** Open sockets to one host; further requests wait for one. Default 4096. */
  maxSockets?: number;
  /** Additional authorities (PEM) for servers with a private certificate. */
  ca?: string;
  /** Resolves a host; the system's resolver unless given. */
  resolve?: Resolve;
}

export interface OpenGuardedFetch extends GuardedFetch {
  /** Closes every connection; requests under way fail. */
  close(): void;
}

/**
 * Opens the one way out for nodes. Connections are kept and reused; each was made to an address that was checked.
 *
 *     const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: ["10.1.2.0/24"] });
 *     const response = await fetch("https://example.com/", { signal });
 */
export function openGuardedFetch(setting: GuardedFetchSetting): OpenGuardedFetch {
  const policy = addressPolicy(setting);
  const lookup = checkedLookup(policy, {
    resolve: setting.resolve,
    ttlMs: setting.dnsTtlMs ?? 5_000,
    maxEntries: 1_000,
  });
  const shared = {
    keepAlive: true,
    lookup,
    maxSockets: setting.maxSockets ?? 4096,
    maxFreeSockets: 256,
  };
  // `timeout` here is how long an unused connection is kept; requests bring their own.
  const ca = setting.ca ? [...getCACertificates("default"), setting.ca] : undefined;
  const agents = {
    "http:": new Agent({ ...shared, timeout: 15_000 }),
    "https:": new TlsAgent({ ...shared, timeout: 15_000, ca }),
  };

  const guardedFetch: GuardedFetch = async (url, init = {}) => {
    const maxRedirects = init.maxRedirects ?? 5;
    let hop = { url: parseUrl(url), init };
    for (let redirects = 0; ; redirects++) {
      const response = await send(hop.url, hop.init, policy, agents);
      const next = maxRedirects > 0 ? nextHop(response, hop.url, hop.init) : undefined;
      if (!next) return response;
      discard(response.body);
      if (redirects === maxRedirects)
        throw new FetchError(
          "too_many_redirects",
          hop.url.host,
          `${new URL(url).host} redirects more than ${maxRedirects} times`,
        );
      hop = next;
    }
  };

  return Object.assign(guardedFetch, {
    close() {
      agents["http:"].destroy();
      agents["https:"].destroy();
    },
  });
}

type Agents = { "http:": Agent; "https:": TlsAgent };

async function send(
  url: URL,
  init: GuardedInit,
  policy: AddressPolicy,
  agents: Agents,
): Promise<GuardedResponse> {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new FetchError(
      "invalid",
      url.host,
      `Only http and https can be fetched, not ${url.protocol}`,
    );
  if (policy.deniesHost(url.hostname)) throw denied(url.host);
  try {
    return await exchange(url, init, agents);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    return await exchange(url, init, agents);
  }
}

/** A kept connection was closed by the server just when it was to be used again. */
class StaleConnection extends FetchError {}

const repeatable = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

function exchange(url: URL, init: GuardedInit, agents: Agents): Promise<GuardedResponse> {
  const { signal, body } = init;
  const method = init.method?.toUpperCase() ?? "GET";
  const host = url.host;
  const hostname = bareHost(url.hostname);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timeoutMs = init.timeoutMs ?? 300_000;
    const idleTimeoutMs = init.idleTimeoutMs ?? 300_000;
    const options = {
      method,
      headers: requestHeaders(url, init),
      hostname,
      port: url.port || undefined,
      path: url.pathname + url.search,
      timeout: idleTimeoutMs,
    };
    let message: IncomingMessage | undefined;
    const settle = () => {
      clearTimeout(headTimer);
      signal?.removeEventListener("abort", onAbort);
    };
    const fail = (error: unknown) => {
      settle();
      reject(error);
      (message ?? request).destroy(error instanceof Error ? error : undefined);
    };
    const onAbort = () => fail(signal?.reason);
    const request =
      url.protocol === "https:"
        ? // The name of the certificate is the host that was asked for, whatever `host` header a caller sets.
          httpsRequest({
            ...options,
            agent: agents["https:"],
            servername: isIP(hostname) ? "" : hostname,
          })
        : httpRequest({ ...options, agent: agents["http:"] });
    const headTimer = setTimeout(() => fail(timedOut(host, timeoutMs)), timeoutMs);
    headTimer.unref();
    signal?.addEventListener("abort", onAbort, { once: true });

    request.on("response", (incoming) => {
      message = incoming;
      clearTimeout(headTimer);
      incoming.once("close", settle);
      // A body nobody reads yet may be aborted: without a listener that would end the process.
      incoming.on("error", () => {});
      resolve(guardedResponse(incoming, { url: url.href, host, maxBytes: init.maxBytes, signal }));
    });
    request.on("timeout", () => fail(timedOut(host, idleTimeoutMs)));
    request.on("error", (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      if (stale && !message && repeatable.has(method))
        fail(
          new StaleConnection("connection", host, `${host} closed the connection`, {
            cause: error,
          }),
        );
      else fail(connectionError(host, error));
    });
    request.end(body);
  });
}

function requestHeaders(url: URL, init: GuardedInit): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(init.headers ?? {}))
    headers[name.toLowerCase()] = value;
  headers.accept ??= "*/*";
  headers["user-agent"] ??= "sluice";
  if (init.body !== undefined) headers["content-length"] = String(Buffer.byteLength(init.body));
  if (url.username && !headers.authorization)
    headers.authorization = `Basic ${Buffer.from(
      `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`,
    ).toString("base64")}`;
  return headers;
}

function parseUrl(url: string): URL {
  const parsed = URL.parse(url);
  if (!parsed)
    throw new FetchError("invalid", "", `Not an address that can be fetched: ${url.slice(0, 200)}`);
  return parsed;
}

const timedOut = (host: string, timeoutMs: number): FetchError =>
  new FetchError("timeout", host, `${host} did not answer within ${timeoutMs} ms`);

/** Frees the connection for the next request if little is left to read, else closes it. */
function discard(message: IncomingMessage): void {
  if (Number(message.headers["content-length"] ?? Number.POSITIVE_INFINITY) <= 65_536)
    message.resume();
  else message.destroy();
}
