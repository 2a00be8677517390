import { describe, expect, test } from "vitest";
import { CommonSettings, readSettings } from "./settings.ts";

const read = (environment: Record<string, string>) => readSettings(CommonSettings, environment);
const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const base64 = Buffer.from(pem).toString("base64");

/** Variable, what it is without a value, a value, what that makes of it. */
const variables: [keyof CommonSettings, unknown, string, unknown][] = [
  ["MODE", "main", "queue", "queue"],
  ["QUEUE_NAME", "flowise-queue", "mine", "mine"],
  ["QUEUE_REDIS_EVENT_STREAM_MAX_LEN", 100_000, "500", 500],
  ["WORKER_CONCURRENCY", 100_000, "8", 8],
  ["REMOVE_ON_AGE", 86_400, "-1", -1],
  ["REMOVE_ON_COUNT", 10_000, "0", 0],
  ["REDIS_URL", undefined, "redis://cache:7000", "redis://cache:7000"],
  ["REDIS_HOST", "localhost", "cache", "cache"],
  ["REDIS_PORT", 6379, "7000", 7000],
  ["REDIS_USERNAME", undefined, "ada", "ada"],
  ["REDIS_PASSWORD", undefined, "p w", "p w"],
  ["REDIS_TLS", false, "true", true],
  ["REDIS_CERT", undefined, base64, pem],
  ["REDIS_KEY", undefined, base64, pem],
  ["REDIS_CA", undefined, base64, pem],
  ["REDIS_KEEP_ALIVE", undefined, "2500", 2500],
  ["REDIS_TLS_REJECT_UNAUTHORIZED", true, "false", false],
  ["DATABASE_TYPE", "postgres", "postgres", "postgres"],
  ["DATABASE_URL", undefined, "postgres://u@h/d", "postgres://u@h/d"],
  ["DATABASE_HOST", "localhost", "db", "db"],
  ["DATABASE_PORT", 5432, "6432", 6432],
  ["DATABASE_NAME", "flowise", "flows", "flows"],
  ["DATABASE_USER", undefined, "ada", "ada"],
  ["DATABASE_PASSWORD", undefined, "secret", "secret"],
  ["DATABASE_SSL", false, "true", true],
  ["DATABASE_SSL_KEY_BASE64", undefined, base64, pem],
  ["DATABASE_REJECT_UNAUTHORIZED", true, "false", false],
  ["SLUICE_HOME", ".sluice", "/data", "/data"],
  ["LOG_LEVEL", "info", "debug", "debug"],
  ["LOG_LEVEL", "info", "http", "info"],
  ["LOG_LEVEL", "info", "verbose", "debug"],
  ["LOG_LEVEL", "info", "silly", "trace"],
  ["HTTP_SECURITY_CHECK", true, "false", false],
  ["HTTP_DENY_LIST", [], "10.0.0.1, evil.example,", ["10.0.0.1", "evil.example"]],
];

test.each(variables)("%s keeps its default and its meaning", (name, fallback, given, meant) => {
  expect(read({})[name]).toEqual(fallback);
  for (const unset of ["", "  "]) expect(read({ [name]: unset })[name]).toEqual(fallback);
  expect(read({ [name]: given })[name]).toEqual(meant);
});

describe("a value that does not parse is one line with name, value and expectation", () => {
  test.each([
    ["MODE", "cluster", 'MODE="cluster": expected main or queue'],
    ["REDIS_PORT", "70000", 'REDIS_PORT="70000": expected a port, 0 to 65535'],
    ["REDIS_PORT", "-1", 'REDIS_PORT="-1": expected a port, 0 to 65535'],
    ["REDIS_PORT", "6379.5", 'REDIS_PORT="6379.5": expected a port, 0 to 65535'],
    ["DATABASE_PORT", "abc", 'DATABASE_PORT="abc": expected a port, 0 to 65535'],
    ["WORKER_CONCURRENCY", "0", 'WORKER_CONCURRENCY="0": expected a whole number, 1 or more'],
    ["WORKER_CONCURRENCY", "ten", 'WORKER_CONCURRENCY="ten": expected a whole number, 1 or more'],
    ["REMOVE_ON_AGE", "1h", 'REMOVE_ON_AGE="1h": expected a whole number'],
    ["REDIS_KEEP_ALIVE", "1.5", 'REDIS_KEEP_ALIVE="1.5": expected a whole number'],
    ["REDIS_TLS", "yes", 'REDIS_TLS="yes": expected true or false'],
    ["REDIS_CA", "-----BEGIN", "REDIS_CA=(hidden): expected base64 of a PEM file"],
    ["REDIS_CERT", "bm90IGEgcGVt", "REDIS_CERT=(hidden): expected base64 of a PEM file"],
    [
      "LOG_LEVEL",
      "loud",
      'LOG_LEVEL="loud": expected one of fatal, error, warn, info, debug, trace, http, verbose, silly',
    ],
    [
      "DATABASE_TYPE",
      "sqlite",
      'DATABASE_TYPE="sqlite": expected postgres (sqlite and mysql are not supported; see docs/configuration.md)',
    ],
    [
      "DATABASE_TYPE",
      "mysql",
      'DATABASE_TYPE="mysql": expected postgres (sqlite and mysql are not supported; see docs/configuration.md)',
    ],
  ])("%s=%s", (name, value, line) => {
    expect(() => read({ [name]: value })).toThrow(new Error(line));
  });
});
