import { readSettings } from "@sluice/core/settings";
import { expect, test } from "vitest";
import { Config } from "./config.ts";

const read = (environment: Record<string, string>) => readSettings(Config, environment);

test.each([
  ["PORT", 3000, "0", 0],
  ["HOST", undefined, "127.0.0.1", "127.0.0.1"],
  ["TRUST_PROXY", 0, "true", 1],
  ["TRUST_PROXY", 0, "false", 0],
  ["TRUST_PROXY", 0, "3", 3],
  ["CORS_ORIGINS", [], "https://a.example, *", ["https://a.example", "*"]],
  ["CORS_ALLOW_CREDENTIALS", false, "true", true],
  ["FLOWISE_FILE_SIZE_LIMIT", 50 * 1024 ** 2, "1gb", 1024 ** 3],
  ["FLOWISE_FILE_SIZE_LIMIT", 50 * 1024 ** 2, "900", 900],
  ["FLOWISE_FILE_SIZE_LIMIT", 50 * 1024 ** 2, "2KB", 2048],
  ["ENABLE_BULLMQ_DASHBOARD", false, "true", true],
] as const)("%s is %j, and by %s something else", (name, fallback, given, meant) => {
  expect(read({})[name]).toEqual(fallback);
  expect(read({ [name]: "" })[name]).toEqual(fallback);
  expect(read({ [name]: given })[name]).toEqual(meant);
});

test.each([
  ["PORT", "http", 'PORT="http": expected a port, 0 to 65535'],
  [
    "TRUST_PROXY",
    "loopback",
    'TRUST_PROXY="loopback": expected the number of proxies in front, e.g. 1',
  ],
  ["TRUST_PROXY", "-1", 'TRUST_PROXY="-1": expected the number of proxies in front, e.g. 1'],
  ["FLOWISE_FILE_SIZE_LIMIT", "big", 'FLOWISE_FILE_SIZE_LIMIT="big": expected a size such as 50mb'],
])("%s=%s is refused in one line", (name, value, line) => {
  expect(() => read({ [name]: value })).toThrow(new Error(line));
});
