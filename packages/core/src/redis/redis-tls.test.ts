import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Authority, makeAuthority } from "../../../../test/certificates.ts";
import { freePort } from "../../../../test/free-port.ts";
import { type RedisServer, startRedis } from "../../../../test/redis-server.ts";
import { checkRedis } from "../doctor/check-redis.ts";
import { CommonSettings, readSettings } from "../settings.ts";
import { closeRedis, isAnswering, openRedis } from "./open-redis.ts";
import { type RedisSettings, redisSettings } from "./redis-settings.ts";

// A server without TLS stumbles over the first line already.
const directives = "tls-port 0\nno-such-directive yes\n";
const hasTools =
  spawnSync("openssl", ["version"]).status === 0 &&
  spawnSync("redis-server", ["-"], { input: directives }).stderr?.includes("'no-such-directive");
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Tries an address as a process would; resolves to whether Redis answered, and what was logged. */
async function tried(url: string, variables: Record<string, string>) {
  const warnings: string[] = [];
  const log = { warn: (fields: object) => void warnings.push(JSON.stringify(fields)) };
  const settings = redisSettings(readSettings(CommonSettings, { REDIS_URL: url, ...variables }));
  const connection = openRedis(settings, "consumer", log);
  onTestFinished(() => closeRedis(connection));
  for (let i = 0; i < 100 && connection.status !== "ready" && warnings.length === 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return { answers: await isAnswering(connection), warnings: warnings.join("\n"), settings };
}

/** What the doctor says of the same address. */
async function examined(settings: RedisSettings): Promise<string | undefined> {
  const findings = await checkRedis(settings, { apis: 1, workers: 1 }, "q");
  return findings.find(({ level }) => level === "fail")?.message;
}

describe.skipIf(!hasTools)("a Redis that speaks TLS only", () => {
  let authority: Authority;
  let stranger: Authority;
  const servers: RedisServer[] = [];
  beforeAll(() => {
    authority = makeAuthority();
    stranger = makeAuthority();
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    authority?.remove();
    stranger?.remove();
  });

  async function secureRedis({ cert, key }: { cert: string; key: string }, more: string[] = []) {
    const port = await freePort();
    const flags = ["--tls-port", `${port}`, "--tls-cert-file", cert, "--tls-key-file", key];
    const clients = ["--tls-ca-cert-file", authority.file, "--tls-auth-clients", "no"];
    servers.push(await startRedis({ flags: [...flags, ...clients, ...more] }));
    return port;
  }

  test("is reached with the authority that signed it, by name and by address", async () => {
    const port = await secureRedis(authority.issue("DNS:localhost,IP:127.0.0.1"));
    const ca = { REDIS_CA: base64(authority.certificate) };
    expect(await tried(`rediss://localhost:${port}`, ca)).toMatchObject({ answers: true });
    expect(await tried(`rediss://127.0.0.1:${port}`, ca)).toMatchObject({ answers: true });
    const parts = { REDIS_URL: "", REDIS_HOST: "localhost", REDIS_PORT: `${port}` };
    const byParts = await tried("", { ...parts, ...ca, REDIS_TLS: "true" });
    expect(byParts.answers).toBe(true);
  });

  test("is refused when another authority, or none that we know, has signed it", async () => {
    const port = await secureRedis(authority.issue("DNS:localhost"));
    const url = `rediss://localhost:${port}`;
    const another: Record<string, string> = { REDIS_CA: base64(stranger.certificate) };
    for (const given of [another, {}]) {
      const { answers, warnings, settings } = await tried(url, given);
      expect(answers).toBe(false);
      expect(warnings).toContain("signed by an authority that is not known here");
      expect(await examined(settings)).toContain("signed by an authority that is not known here");
      expect(warnings).toMatch(/self-signed certificate|unable to (get|verify)/);
    }
  });

  test("is refused when the certificate is for another host", async () => {
    const port = await secureRedis(authority.issue("DNS:elsewhere.example"));
    const ca = { REDIS_CA: base64(authority.certificate) };
    const { answers, warnings, settings } = await tried(`rediss://localhost:${port}`, ca);
    expect(answers).toBe(false);
    expect(warnings).toContain("does not match certificate");
    expect(warnings).toContain("its certificate is for another name");
    expect(await examined(settings)).toContain("its certificate is for another name");
  });

  test("is refused when the certificate has expired", async () => {
    const port = await secureRedis(authority.issue("DNS:localhost", { expired: true }));
    const ca = { REDIS_CA: base64(authority.certificate) };
    const { answers, warnings, settings } = await tried(`rediss://localhost:${port}`, ca);
    expect(answers).toBe(false);
    expect(warnings).toContain("its certificate has expired");
    expect(await examined(settings)).toContain("its certificate has expired");
  });

  test("is reached without a check only on demand, and the demand is a warning", async () => {
    const port = await secureRedis(stranger.issue("DNS:elsewhere.example"));
    const given = { REDIS_TLS_REJECT_UNAUTHORIZED: "false" };
    const { answers, settings } = await tried(`rediss://localhost:${port}`, given);
    expect(answers).toBe(true);
    expect(settings.warnings).toHaveLength(1);
  });

  test("asks for a client certificate and gets ours", async () => {
    const leaf = authority.issue("DNS:localhost");
    const port = await secureRedis(leaf, ["--tls-auth-clients", "yes"]);
    const client = authority.issue("DNS:client");
    const ca = { REDIS_CA: base64(authority.certificate) };
    const url = `rediss://localhost:${port}`;
    const without = await tried(url, ca);
    expect(without.answers).toBe(false);
    expect(without.warnings).toContain("it wants a certificate of ours");
    expect(await examined(without.settings)).toContain("it wants a certificate of ours");
    const own = {
      REDIS_CERT: base64(readFileSync(client.cert, "utf8")),
      REDIS_KEY: base64(readFileSync(client.key, "utf8")),
    };
    expect((await tried(url, { ...ca, ...own })).answers).toBe(true);
  });
});

test("an ACL user is let in with its password, and a wrong one is told", async () => {
  const acl = "--user ada on >secret ~* &* +@all --user default off";
  const server = await startRedis({ flags: acl.split(" ") });
  onTestFinished(() => server.stop());
  const { host } = new URL(server.url);
  expect((await tried(`redis://ada:secret@${host}`, {})).answers).toBe(true);
  const { answers, warnings } = await tried(`redis://ada:wrong@${host}`, {});
  expect(answers).toBe(false);
  expect(warnings).toContain("WRONGPASS");
  expect(warnings).not.toContain("wrong@");
});
