import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../test/database.ts";
import { runDoctor } from "../../../test/doctor.ts";
import { freePort } from "../../../test/free-port.ts";
import { type RedisServer, startRedis } from "../../../test/redis-server.ts";

let home: string;
let database: TestDatabase;
let secure: RedisServer;
let securePort: number;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "sluice-test-doctor-"));
  makeCertificates();
  securePort = await freePort();
  const tls = ["--tls-port", `${securePort}`, "--tls-auth-clients", "no"];
  const files = ["--tls-cert-file", at("server.pem"), "--tls-key-file", at("server.key")];
  const flags = [...tls, ...files, "--tls-ca-cert-file", at("ca.pem")];
  [database, secure] = await Promise.all([
    openTestDatabase(),
    startRedis({ flags: [...flags, "--maxmemory-policy", "allkeys-lru", "--maxclients", "40"] }),
  ]);
});
afterAll(async () => {
  await Promise.all([database.close(), secure.stop()]);
  rmSync(home, { recursive: true, force: true });
});

const at = (name: string) => join(home, name);

/** An authority of our own, and a certificate for `localhost` that it has signed. */
function makeCertificates(): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const caFiles = ["-keyout", at("ca.key"), "-out", at("ca.pem")];
  openssl("req", "-x509", ...key, ...caFiles, "-subj", "/O=Test Authority", "-days", "90");
  const request = ["-keyout", at("server.key"), "-out", at("server.csr")];
  openssl("req", ...key, ...request, "-subj", "/CN=localhost");
  writeFileSync(at("names"), "subjectAltName=DNS:localhost");
  const signer = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial"];
  const files = ["-in", at("server.csr"), "-out", at("server.pem"), "-extfile", at("names")];
  openssl("x509", "-req", ...files, ...signer, "-days", "90");
}

const doctor = (env: Record<string, string>, ...args: string[]) =>
  runDoctor({ DATABASE_URL: database.url, ...env }, ...args);

test("a healthy deployment has nothing that fails, and open flows are told", async () => {
  const flow = { id: crypto.randomUUID(), name: "open to all", type: "AGENTFLOW", flow_data: "{}" };
  await database.db.insertInto("flow").values(flow).execute();
  const { code, find } = await doctor({ REDIS_URL: inject("redisUrl") });
  expect(code).toBe(0);
  for (const check of [
    "reach",
    "version",
    "eviction",
    "cluster",
    "blocking",
    "scripts",
    "commands",
  ])
    expect(find(`redis.${check}`)).toMatchObject({ level: "ok" });
  for (const check of ["reach", "version", "migrations", "connections"])
    expect(find(`postgres.${check}`)).toMatchObject({ level: "ok" });
  expect(find("flows.keys")).toMatchObject({ level: "warn" });
  expect(find("flows.keys")?.message).toContain('"open to all"');
  expect(find("credentials.key")).toMatchObject({ level: "warn" });
});

test("a Redis that would evict jobs, or has too few connections, fails with the fix", async () => {
  const { code, find } = await doctor({ REDIS_URL: secure.url }, "--workers", "10");
  expect(code).toBe(1);
  expect(find("redis.eviction")).toMatchObject({ level: "fail" });
  expect(find("redis.eviction")?.remedy).toContain("maxmemory-policy noeviction");
  expect(find("redis.connections")).toMatchObject({ level: "fail" });
});

test("a certificate of an unknown authority is said to be that, until REDIS_CA names it", async () => {
  const REDIS_URL = `rediss://localhost:${securePort}`;
  const unknown = await doctor({ REDIS_URL });
  expect(unknown.find("redis.reach")?.message).toContain("authority that is not known");
  expect(unknown.find("redis.reach")?.remedy).toContain("REDIS_CA=");
  const REDIS_CA = readFileSync(at("ca.pem")).toString("base64");
  const known = await doctor({ REDIS_URL, REDIS_CA });
  expect(known.find("redis.reach")).toMatchObject({ level: "ok" });
  expect(known.find("redis.tls")?.message).toContain("Test Authority");
  const wrongName = await doctor({ REDIS_URL: `rediss://127.0.0.1:${securePort}`, REDIS_CA });
  expect(wrongName.find("redis.reach")?.message).toContain("for another name");
  const unverified = await doctor({ REDIS_URL, REDIS_TLS_REJECT_UNAUTHORIZED: "false" });
  expect(unverified.find("redis.verify")).toMatchObject({ level: "warn" });
});

test("TLS where there is none, and none where there is TLS, are told apart", async () => {
  const [plain, tls] = await Promise.all([
    doctor({ REDIS_URL: secure.url.replace("redis:", "rediss:") }),
    doctor({ REDIS_URL: `redis://localhost:${securePort}` }),
  ]);
  expect(plain.find("redis.reach")?.message).toContain("does not speak TLS");
  expect(tls.find("redis.reach")?.remedy).toContain("rediss://");
});

test("what does not answer is named, and no password is shown", async () => {
  const port = await freePort();
  const { code, out, find } = await doctor({
    REDIS_URL: `redis://:hunter2@127.0.0.1:${port}`,
    DATABASE_URL: `postgres://postgres:hunter2@127.0.0.1:${port}/none`,
  });
  expect(code).toBe(1);
  expect(find("redis.reach")).toMatchObject({ level: "fail" });
  expect(find("postgres.reach")).toMatchObject({ level: "fail" });
  expect(find("postgres.reach")?.message).toContain("nothing listens");
  expect(out).not.toContain("hunter2");
});

test("a wrong password, a missing database and a database without tables are told", async () => {
  const missing = new URL(database.url);
  missing.pathname = "/not-there";
  const empty = await openTestDatabase({ migrate: false });
  const locked = await startRedis({ flags: ["--requirepass", "right"] });
  const REDIS_URL = locked.url.replace("redis://", "redis://:wrong@");
  const [first, second] = await Promise.all([
    doctor({ REDIS_URL, DATABASE_URL: missing.href }),
    doctor({ REDIS_URL: inject("redisUrl"), DATABASE_URL: empty.url }),
  ]);
  await Promise.all([empty.close(), locked.stop()]);
  expect(first.find("redis.use")?.message).toContain("password");
  expect(first.find("postgres.reach")?.message).toContain("no such database");
  expect(second.find("postgres.migrations")).toMatchObject({ level: "warn" });
});

test("main mode needs no Redis, and a value that does not parse is named", async () => {
  const main = await doctor({ MODE: "main" });
  expect(main.code).toBe(0);
  expect(main.find("redis.reach")?.message).toContain("MODE=main");
  const wrong = await doctor({ MODE: "both" });
  expect(wrong.find("settings")?.message).toContain("MODE=");
});
