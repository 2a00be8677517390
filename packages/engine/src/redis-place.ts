import type { RedisPlace } from "./redis-clients.ts";

/** The server of a `redisCacheApi` or `redisCacheUrlApi` credential. */
export function redisPlace(credential: Record<string, string>): RedisPlace {
  const { redisUrl } = credential;
  return redisUrl ? placeOfUrl(redisUrl) : placeOfFields(credential);
}

function placeOfFields(credential: Record<string, string>): RedisPlace {
  const host = credential.redisCacheHost?.trim();
  if (!host) throw new Error("Redis: the credential names no host");
  return {
    host,
    port: Number(credential.redisCachePort) || 6379,
    username: credential.redisCacheUser || undefined,
    password: credential.redisCachePwd || undefined,
    db: 0,
    tls: String(credential.redisCacheSslEnabled) === "true",
  };
}

function placeOfUrl(text: string): RedisPlace {
  // What it says is a secret, also where it is wrong.
  if (!URL.canParse(text)) throw new Error("Redis: the credential's URL is not valid");
  const url = new URL(text);
  if (!["redis:", "rediss:"].includes(url.protocol) || !url.hostname)
    throw new Error("Redis: the credential's URL begins with neither redis:// nor rediss://");
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || 6379,
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    db: Number(url.pathname.slice(1)) || 0,
    tls: url.protocol === "rediss:",
  };
}
