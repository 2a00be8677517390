import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CliError } from "../command.ts";
import { openGuard } from "../launcher/guard.ts";
import { freePort } from "../launcher/port.ts";
import { type OwnServer, startRedis } from "../launcher/redis.ts";
import { findRedisBinary } from "../launcher/redis-binary.ts";
import { askRedis } from "../launcher/redis-client.ts";
import { openCuttable } from "./cuttable.ts";

const run = promisify(execFile);

export interface ChaosRedis {
  /** What leads the processes to it, by a way that can be cut: over TLS where that can be had. */
  env: Record<string, string>;
  secure: boolean;
  /** Kills the connections of all clients; returns how many they were. */
  killConnections(): Promise<number>;
  /** Stops it and starts it again with its data. */
  restart(): Promise<void>;
  /** Cuts the way to it for a while; returns how many connections that broke. */
  cut(): number;
  restore(): void;
  close(): Promise<void>;
}

/** A Redis of chaos's own, below `home`. */
export async function openChaosRedis(options: {
  home: string;
  toolHome: string;
  env: NodeJS.ProcessEnv;
  note(line: string): void;
}): Promise<ChaosRedis> {
  const { home, note } = options;
  const binary = await findRedisBinary(options.toolHome, options.env, note);
  if (!binary)
    throw new CliError("chaos needs a Redis, which cannot be had here", {
      remedy: "Install redis-server or valkey-server.",
    });
  const guard = openGuard();
  const password = randomBytes(16).toString("hex");
  const [port, tlsPort] = [await freePort(), await freePort()];
  const certificate = await makeCertificate(home).catch(() => undefined);
  const start = (directives: string[]) =>
    startRedis({ binary, home, password, guard, port, directives });
  let directives = certificate
    ? [
        `tls-port ${tlsPort}`,
        `tls-cert-file ${JSON.stringify(certificate.cert)}`,
        `tls-key-file ${JSON.stringify(certificate.key)}`,
        "tls-auth-clients no",
        `tls-ca-cert-file ${JSON.stringify(certificate.cert)}`,
      ]
    : [];
  let server: OwnServer;
  try {
    server = await start(directives);
  } catch (error) {
    // Built without TLS.
    if (directives.length === 0) throw error;
    directives = [];
    server = await start(directives);
  }
  const secure = directives.length > 0;
  const way = await openCuttable(secure ? tlsPort : port);
  const scheme = secure ? "rediss" : "redis";
  return {
    env: {
      REDIS_URL: `${scheme}://:${password}@localhost:${way.port}`,
      ...(secure &&
        certificate && { REDIS_CA: (await readFile(certificate.cert)).toString("base64") }),
    },
    secure,
    async killConnections() {
      let killed = 0;
      for (const type of ["normal", "pubsub"]) {
        const answer = await askRedis(port, password, `CLIENT KILL TYPE ${type} SKIPME yes`);
        killed += Number(answer?.slice(1)) || 0;
      }
      return killed;
    },
    async restart() {
      await server.stop();
      server = await start(directives);
    },
    cut: way.cut,
    restore: way.restore,
    async close() {
      await way.close();
      await server.stop();
      guard.close();
    },
  };
}

/** For `localhost`, signed by itself: its clients are given it as their authority. */
async function makeCertificate(home: string): Promise<{ cert: string; key: string }> {
  await mkdir(home, { recursive: true });
  const [cert, key] = [join(home, "redis.pem"), join(home, "redis.key")];
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=DNS:localhost"],
  ]);
  return { cert, key };
}
