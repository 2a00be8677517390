import { Redis } from "@upstash/redis";

export type RestRedis = Redis;

/** Redis over HTTPS, one request a command: for processes without sockets. It cannot wait for jobs or listen. */
export function openRestRedis(url: string, token: string, timeoutMs = 3000): RestRedis {
  return new Redis({
    url,
    token,
    enableTelemetry: false,
    retry: { retries: 1, backoff: () => 100 },
    signal: () => AbortSignal.timeout(timeoutMs),
  });
}
