import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { makeAuthority } from "../../../../test/certificates.ts";
import { openMemoryCache } from "../cache/memory-cache.ts";
import { openRedisCache } from "../cache/redis-cache.ts";
import { redisKeys } from "../prediction/redis-keys.ts";
import { CommonSettings } from "../settings.ts";
import { closeRedis, openRedis } from "./open-redis.ts";
import { openRedisClients } from "./open-redis-clients.ts";
import { redisSettings } from "./redis-settings.ts";

const { signal } = new AbortController();

const outbound = { securityCheck: true, denyList: [] };

/** A server in front of the tests' Redis. */
function toRedis(socket: Socket): void {
  const upstream = connect({ host: place().host, port: place().port });
  upstream.on("error", () => {});
  socket.on("error", () => {}).on("close", () => upstream.destroy());
  socket.pipe(upstream).pipe(socket);
}

const listening = (server: Server) =>
  new Promise<number>((done) =>
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port)),
  );

function clientsOf(allowList: string[]) {
  const clients = openRedisClients({ ...outbound, allowList });
  onTestFinished(() => clients.close());
  return clients;
}
function place(changed: object = {}) {
  const { hostname: host, port } = new URL(inject("redisUrl"));
  const none = { username: undefined, password: undefined };
  return { host, port: Number(port), ...none, db: 0, tls: false, ...changed };
}

test("a flow's own Redis answers commands in order, as often as asked", async () => {
  const clients = clientsOf(["127.0.0.1"]);
  const key = `own-${randomUUID()}`;
  const pushed = [
    ["LPUSH", key, "a", "b"],
    ["EXPIRE", key, "60"],
  ];
  expect(await clients.call(place(), pushed, signal)).toEqual([2, 1]);
  expect(await clients.call(place(), [["LRANGE", key, "0", "-1"]], signal)).toEqual([["b", "a"]]);
});

test("addresses that requests may not go to are refused, by number and by name", async () => {
  const clients = clientsOf([]);
  const call = (host: string) => clients.call(place({ host }), [["PING"]], signal);
  await expect(call("127.0.0.1")).rejects.toThrow(/127\.0\.0\.1/);
  await expect(call("localhost")).rejects.toThrow(/localhost/);
});

test("a server that is away fails quickly and is tried anew", async () => {
  const clients = clientsOf(["127.0.0.1"]);
  const ping = (port: number) => clients.call(place({ port }), [["PING"]], signal);
  const server = createServer();
  const port = await listening(server);
  await new Promise((done) => server.close(done));
  await expect(ping(port)).rejects.toThrow(/^Redis on 127\.0\.0\.1: /);
  const back = createServer(toRedis);
  back.listen(port, "127.0.0.1");
  onTestFinished(() => void back.close());
  expect(await ping(port)).toEqual(["PONG"]);
});

describe.skipIf(spawnSync("openssl", ["version"]).status !== 0)("over TLS", () => {
  test.each([true, false])(
    "a certificate counts only from an authority that is known: %s",
    async (known) => {
      const authority = makeAuthority();
      onTestFinished(() => authority.remove());
      const issued = authority.issue("IP:127.0.0.1");
      const [cert, key] = [readFileSync(issued.cert), readFileSync(issued.key)];
      const server = createTlsServer({ cert, key }, toRedis);
      const port = await listening(server);
      onTestFinished(() => void server.close());
      const ca = known ? { ca: authority.certificate } : {};
      const clients = openRedisClients({ ...outbound, allowList: ["127.0.0.1"], ...ca });
      onTestFinished(() => clients.close());
      const call = clients.call(place({ port, tls: true }), [["PING"]], signal);
      if (known) expect(await call).toEqual(["PONG"]);
      else await expect(call).rejects.toThrow(/certificate/);
    },
  );
});

describe.each(["redis", "memory"])("a cache by %s", (kind) => {
  function cache() {
    if (kind === "memory") return openMemoryCache({ maxBytes: 600 });
    const settings = redisSettings(CommonSettings.parse({ REDIS_URL: inject("redisUrl") }));
    const connection = openRedis(settings, "producer", { warn: () => {} });
    onTestFinished(() => closeRedis(connection));
    return openRedisCache(connection, redisKeys(randomUUID()), { maxEntries: 5 });
  }

  test("finds what was written, in its bucket only", async () => {
    const kept = cache();
    await kept.write("llmCache:f", [["a", "1"]]);
    expect(await kept.read("llmCache:f", ["b", "a"])).toEqual([undefined, "1"]);
    expect(await kept.read("llmCache:g", ["a"])).toEqual([undefined]);
  });

  test("forgets what it has no room for", async () => {
    const kept = cache();
    for (let i = 0; i < 50; i++) await kept.write("llmCache:f", [[`n${i}`, "x".repeat(20)]]);
    const names = Array.from({ length: 50 }, (_, i) => `n${i}`);
    const left = (await kept.read("llmCache:f", names)).filter(Boolean);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(10);
    await kept.write("llmCache:f", [["large", "x".repeat(70_000)]]);
    expect(await kept.read("llmCache:f", ["large"])).toEqual([undefined]);
  });
});
