import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launch } from "../packages/cli/src/launcher/launch.ts";
import { freePort } from "../packages/cli/src/launcher/port.ts";
import { openTemporaryHome } from "../packages/cli/src/launcher/temporary-home.ts";

// Plays recordings of the real Flowise against this server, in both modes.
//   npm run conformance [-- --mode queue|main] [--bundled] [CASES …] [--diff and other options of the suite, after --]
const modes = ["queue", "main"] as const;
const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: "string" },
    bundled: { type: "boolean", default: false },
    diff: { type: "boolean", default: false },
    only: { type: "string" },
    skip: { type: "string" },
  },
});
const folder = resolve(process.env.CONFORMANCE_DIR || join(root, "../shared/conformance"));
if (!existsSync(join(folder, "run.mjs"))) {
  console.error(`There is no conformance suite in ${folder}: set CONFORMANCE_DIR`);
  process.exit(2);
}
const cases = positionals.length > 0 ? positionals : await standardCases();
const totals = { passed: 0, failed: 0 };
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());

for (const mode of modes) {
  if ((values.mode && values.mode !== mode) || stopping.signal.aborted) continue;
  const { passed, failed } = await playIn(mode);
  totals.passed += passed;
  totals.failed += failed;
}
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);

async function standardCases(): Promise<string[]> {
  const text = await readFile(join(root, "scripts/conformance-cases.txt"), "utf8");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Starts everything in a home of its own and plays all cases. */
async function playIn(mode: (typeof modes)[number]): Promise<{ passed: number; failed: number }> {
  const home = await openTemporaryHome("sluice-conformance");
  const logFile = join(home.path, "processes.log");
  const log = await open(logFile, "w");
  const mockPort = await freePort();
  const mock = `http://127.0.0.1:${mockPort}`;
  try {
    const launched = await launch({
      env: {
        ...process.env,
        MODE: mode,
        SLUICE_HOME: home.path,
        PORT: "0",
        WORKER_PORT: "0",
        HTTP_SECURITY_CHECK: "false",
        ANTHROPIC_BASE_URL: mock,
        PINECONE_CONTROLLER_HOST: mock,
      },
      workers: 1,
      bundled: values.bundled,
      output: log.fd,
      note: (line) => console.error(line),
    });
    try {
      const { url, apiKey } = launched.report();
      console.log(`${mode} mode at ${url}`);
      return await runSuite(url, apiKey, mockPort);
    } finally {
      await launched.stop();
    }
  } catch (error) {
    const lines = (await readFile(logFile, "utf8")).trimEnd().split("\n");
    console.error(lines.slice(-20).join("\n"));
    console.error(error instanceof Error ? error.message : error);
    return { passed: 0, failed: 1 };
  } finally {
    await log.close();
    await home.remove();
  }
}

function runSuite(url: string, key: string, mockPort: number) {
  const args = ["--base", url, "--mock-port", String(mockPort), "--case", cases.join(",")];
  if (values.diff) args.push("--diff");
  for (const name of ["only", "skip"] as const)
    if (values[name]) args.push(`--${name}`, values[name]);
  const child = spawn(process.execPath, [join(folder, "run.mjs"), ...args], {
    // The key goes through the environment: arguments are for everyone to read.
    env: { ...process.env, FLOWISE_API_KEY: key },
    stdio: ["ignore", "pipe", "inherit"],
    signal: stopping.signal,
  });
  let last = "";
  child.stdout.on("data", (chunk) => {
    process.stdout.write(chunk);
    last = (last + chunk).slice(-500);
  });
  return new Promise<{ passed: number; failed: number }>((resolve) => {
    const end = () => {
      const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(last) ?? [];
      // A suite that broke off counts as a failure.
      resolve({ passed: Number(passed ?? 0), failed: Number(failed ?? 1) });
    };
    child.once("close", end);
    child.once("error", end);
  });
}
