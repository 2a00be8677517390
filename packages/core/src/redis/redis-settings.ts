import type { ConnectionOptions } from "node:tls";
import type { CommonSettings } from "../settings.ts";

/** How Redis is reached: the one configuration that every connection is made from. */
export interface RedisSettings {
  endpoints: { host: string; port: number }[];
  cluster: boolean;
  username: string | undefined;
  password: string | undefined;
  db: number;
  /** Undefined for plain TCP. Verified against system authorities or `REDIS_CA`. */
  tls: ConnectionOptions | undefined;
  keepAliveMs: number | undefined;
  warnings: string[];
}

type RedisVariables = Pick<
  CommonSettings,
  | "REDIS_URL"
  | "REDIS_HOST"
  | "REDIS_PORT"
  | "REDIS_USERNAME"
  | "REDIS_PASSWORD"
  | "REDIS_TLS"
  | "REDIS_CERT"
  | "REDIS_KEY"
  | "REDIS_CA"
  | "REDIS_KEEP_ALIVE"
  | "REDIS_TLS_REJECT_UNAUTHORIZED"
>;

/** `REDIS_URL` overrides host, port, user and password; a comma list of URLs means Cluster. */
export function redisSettings(variables: RedisVariables): RedisSettings {
  const urls = (variables.REDIS_URL ?? "")
    .split(",")
    .map((url) => url.trim())
    .filter(Boolean)
    .map(parseUrl);
  const [first] = urls;
  const secure = first ? first.protocol === "rediss:" || variables.REDIS_TLS : variables.REDIS_TLS;
  const verify = variables.REDIS_TLS_REJECT_UNAUTHORIZED;
  return {
    endpoints: first
      ? urls.map((url) => ({
          host: url.hostname.replace(/^\[|\]$/g, ""),
          port: Number(url.port || 6379),
        }))
      : [{ host: variables.REDIS_HOST, port: variables.REDIS_PORT }],
    cluster: urls.length > 1,
    username: first ? decoded(first.username) : variables.REDIS_USERNAME,
    password: first ? decoded(first.password) : variables.REDIS_PASSWORD,
    db: Number(first?.pathname.slice(1) || 0),
    tls: secure
      ? {
          ...(variables.REDIS_CERT && { cert: variables.REDIS_CERT }),
          ...(variables.REDIS_KEY && { key: variables.REDIS_KEY }),
          ...(variables.REDIS_CA && { ca: variables.REDIS_CA }),
          rejectUnauthorized: verify,
        }
      : undefined,
    keepAliveMs: variables.REDIS_KEEP_ALIVE,
    warnings:
      secure && !verify
        ? ["REDIS_TLS_REJECT_UNAUTHORIZED=false: the certificate of Redis is not verified"]
        : [],
  };
}

function parseUrl(text: string): URL {
  // Endpoints after the first may be bare host:port pairs.
  const source = text.includes("://") ? text : `redis://${text}`;
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === "")
    throw new Error(
      "REDIS_URL=(hidden): expected redis://host:port or rediss://host:port, or a comma list of them",
    );
  if (!/^(\/\d*)?$/.test(url.pathname))
    throw new Error("REDIS_URL=(hidden): expected the number of a database after the slash");
  return url;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part) || undefined;
  } catch {
    throw new Error("REDIS_URL=(hidden): expected user and password with % and @ percent-encoded");
  }
}
