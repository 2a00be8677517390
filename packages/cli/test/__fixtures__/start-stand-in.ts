import { fileURLToPath } from "node:url";
import { CliError } from "../../src/command.ts";
import { openPaint } from "../../src/paint.ts";
import { runStart } from "../../src/start.ts";

// `sluice start` with stand-ins for API and worker.
const entry = fileURLToPath(new URL("stand-in.ts", import.meta.url));
process.exitCode = await runStart(
  process.argv.slice(2),
  {
    env: process.env,
    out: (line) => process.stdout.write(`${line}\n`),
    note: (line) => process.stderr.write(`${line}\n`),
    write: (text) => process.stdout.write(text),
    paint: openPaint(false),
    stopped: new Promise((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, resolve);
    }),
  },
  { api: entry, worker: entry },
).catch((error: unknown) => {
  if (!(error instanceof CliError)) throw error;
  process.stderr.write(`${error.message}\n${error.remedy ?? ""}\n`);
  return error.exitCode;
});
process.exit();
