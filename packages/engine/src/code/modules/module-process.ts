import { spawn } from "node:child_process";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Outcome } from "../protocol.ts";
import type { FromModuleChild, ToModuleChild } from "./protocol.ts";

export interface ModuleProcessOptions {
  childFile: URL;
  /** All that code may read. */
  folders: string[];
  memoryLimitMb: number;
  lookup: LookupFunction;
  run: Extract<ToModuleChild, { kind: "run" }>;
  onOutcome(outcome: Outcome): void;
  /** Once, when it is gone. */
  onClose(detail: string): void;
}

const maxLookups = 10_000;

/** Starts a process for one run: no environment, no writing, no processes, no workers, no addons. */
export function startModuleProcess(options: ModuleProcessOptions): { kill(): void } {
  const file = fileURLToPath(options.childFile);
  const child = spawn(
    process.execPath,
    [
      "--permission",
      ...ownFiles(file).map((path) => `--allow-fs-read=${path}`),
      ...options.folders.map((folder) => `--allow-fs-read=${folder}/`),
      `--max-old-space-size=${options.memoryLimitMb}`,
      file,
    ],
    { env: {}, cwd: "/", stdio: ["ignore", "ignore", "pipe", "ipc"] },
  );
  let errors = "";
  let lookups = 0;
  let closed = false;
  const close = (detail: string) => {
    if (closed) return;
    closed = true;
    options.onClose(detail);
  };
  const send = (message: ToModuleChild) => {
    if (child.connected) child.send(message, () => {});
  };

  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-2_000);
  });
  child.on("error", (error) => close(error.message));
  child.on("close", (code, signal) => close(`${signal ?? `exit code ${code}`} ${errors}`.trim()));
  child.on("message", (message: FromModuleChild) => {
    if (message.kind === "done") return options.onOutcome(String(message.outcome));
    const { id, host } = message;
    if (++lookups > maxLookups) return child.kill("SIGKILL");
    options.lookup(String(host), { all: true }, (error, addresses) => {
      if (error) send({ kind: "addresses", id, message: error.message });
      else send({ kind: "addresses", id, addresses: addresses as LookupAddress[] });
    });
  });
  send(options.run);
  return { kill: () => void child.kill("SIGKILL") };
}

/** A bundle's child is one file; as source, it is this folder and one beside it. */
const ownFiles = (file: string): string[] =>
  file.endsWith(".ts") ? [`${dirname(file)}/`, `${dirname(dirname(file))}/realm/`] : [file];
