import { describe, expect, test } from "vitest";
import { CommonSettings, readSettings } from "../settings.ts";
import { redisSettings } from "./redis-settings.ts";

const read = (environment: Record<string, string>) =>
  redisSettings(readSettings(CommonSettings, environment));
const base64 = (text: string) => Buffer.from(text).toString("base64");
const pem = (name: string) => `-----BEGIN ${name}-----\n-----END ${name}-----\n`;

const plain = {
  endpoints: [{ host: "localhost", port: 6379 }],
  cluster: false,
  username: undefined,
  password: undefined,
  db: 0,
  tls: undefined,
  keepAliveMs: undefined,
  warnings: [],
};

test("without settings Redis is at home", () => {
  expect(read({})).toEqual(plain);
});

test("parts make an address", () => {
  const parts = {
    REDIS_HOST: "cache",
    REDIS_PORT: "7000",
    REDIS_USERNAME: "ada",
    REDIS_PASSWORD: "p@ss",
    REDIS_KEEP_ALIVE: "2500",
  };
  expect(read(parts)).toEqual({
    ...plain,
    endpoints: [{ host: "cache", port: 7000 }],
    username: "ada",
    password: "p@ss",
    keepAliveMs: 2500,
  });
});

describe("a URL goes before all parts", () => {
  const parts = { REDIS_HOST: "other", REDIS_PORT: "1", REDIS_USERNAME: "u", REDIS_PASSWORD: "p" };
  test.each([
    ["redis://cache", { endpoints: [{ host: "cache", port: 6379 }] }],
    ["redis://cache:7000/3", { endpoints: [{ host: "cache", port: 7000 }], db: 3 }],
    ["redis://:p%40ss%2F@cache", { password: "p@ss/", endpoints: [{ host: "cache", port: 6379 }] }],
    [
      "redis://ada:secret@cache:7000",
      { username: "ada", password: "secret", endpoints: [{ host: "cache", port: 7000 }] },
    ],
    ["redis://[::1]:7000", { endpoints: [{ host: "::1", port: 7000 }] }],
    [
      "rediss://cache",
      { endpoints: [{ host: "cache", port: 6379 }], tls: { rejectUnauthorized: true } },
    ],
  ])("%s", (url, expected) => {
    expect(read({ ...parts, REDIS_URL: url })).toEqual({ ...plain, ...expected });
  });
});

test("a comma list is a cluster, with the user of its first address", () => {
  const url = "rediss://ada:secret@one:7001, rediss://two:7002,three:7003";
  expect(read({ REDIS_URL: url })).toEqual({
    ...plain,
    cluster: true,
    endpoints: [
      { host: "one", port: 7001 },
      { host: "two", port: 7002 },
      { host: "three", port: 7003 },
    ],
    username: "ada",
    password: "secret",
    tls: { rejectUnauthorized: true },
  });
});

test("TLS takes an authority and a client certificate, and is verified", () => {
  const { tls, warnings } = read({
    REDIS_TLS: "true",
    REDIS_CA: base64(pem("CA")),
    REDIS_CERT: base64(pem("CERT")),
    REDIS_KEY: base64(pem("KEY")),
  });
  expect(tls).toEqual({
    ca: pem("CA"),
    cert: pem("CERT"),
    key: pem("KEY"),
    rejectUnauthorized: true,
  });
  expect(warnings).toEqual([]);
});

test("TLS is left unverified only on demand, and not in silence", () => {
  const given = { REDIS_URL: "rediss://cache", REDIS_TLS_REJECT_UNAUTHORIZED: "false" };
  expect(read(given).tls).toEqual({ rejectUnauthorized: false });
  expect(read(given).warnings.join()).toContain("REDIS_TLS_REJECT_UNAUTHORIZED=false");
  expect(read({ REDIS_TLS_REJECT_UNAUTHORIZED: "false" }).warnings).toEqual([]);
});

test.each([
  "http://cache:6379",
  "redis://",
  "redis://cache:port",
  "redis://cache/zero",
  "redis://cache:6379, http://other",
  "redis://ada:%E0%A4%A@cache",
])("%s is refused by the name of the variable, without its value", (url) => {
  const refused = () => read({ REDIS_URL: url });
  expect(refused).toThrow(/^REDIS_URL=\(hidden\): expected /);
});
