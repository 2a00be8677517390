/** The process that reads files. Its parent asks over IPC, one file at a time; when that closes, it ends. */
import { Worker } from "node:worker_threads";
import type { ParseLimits, ParseOptions } from "./file-parser.ts";
import { parseFile } from "./parse-file.ts";

const limits = JSON.parse(process.argv[2] ?? "{}") as ParseLimits;

// Buffers lie outside V8's heap, and no timer fires here while a file is read: a thread keeps watch.
const guard = `
  const { workerData } = require("node:worker_threads");
  setInterval(() => {
    if (process.memoryUsage.rss() > workerData) process.kill(process.pid, "SIGKILL");
  }, 50);
`;
const maxBytes = limits.maxMemoryMb * 1024 * 1024;
new Worker(guard, { eval: true, workerData: maxBytes }).on("error", () => process.exit(1)).unref();

process.on("message", ({ bytes, how }: { bytes: Uint8Array; how: ParseOptions }) => {
  parseFile(bytes, how, limits).then(
    (parsed) => process.send?.({ parsed }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
// Signals to the parent's process group are the parent's to act on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
