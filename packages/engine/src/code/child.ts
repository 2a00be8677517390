/** The process that runs authors' code. Its parent talks to it on descriptor 3; when that closes, it ends. */
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { openRuns, threads } from "./child/runs.ts";
import { encodeFrame, type FromChild, frameReader, type ToChild } from "./protocol.ts";

const settings = JSON.parse(process.argv[2] ?? "{}") as {
  memoryLimitMb: number;
  extraModules: string[];
  maxScopes: number;
};
const parent = new Socket({ fd: 3, readable: true, writable: true });
const codes = new Map<number, string>();
let out = "";

function flush(): void {
  parent.write(out);
  out = "";
}

function send(header: FromChild, payload?: string): void {
  if (!out) setImmediate(flush);
  out += encodeFrame(header, payload);
}

const runs = openRuns({
  ...settings,
  send,
  onCatastrophe(culprit) {
    // The isolate's thread never returns, so no orderly exit is possible.
    if (culprit !== undefined && parent.writableLength === 0) {
      try {
        writeSync(3, out + encodeFrame(["failed", culprit, "memory"]));
      } catch {
        // the parent learns from the exit
      }
    }
    process.kill(process.pid, "SIGKILL");
  },
});

function receive(header: ToChild, payload: string): void {
  switch (header[0]) {
    case "code":
      codes.set(header[1], header[2]);
      break;
    case "forget":
      codes.delete(header[1]);
      break;
    case "run": {
      const [, runId, codeId, scope, undefinedNames] = header;
      runs.start(runId, scope, codeId, codes.get(codeId) ?? "", payload, undefinedNames);
      break;
    }
    case "answer":
      runs.answer(header[1], header[2], header[3], payload);
      break;
    case "stop":
      void runs.stop(header[1]);
      break;
    case "ping":
      send(["pong"]);
      break;
  }
}

parent.setEncoding("utf8");
parent.on("data", frameReader<ToChild>(receive));
parent.on("close", () => process.kill(process.pid, "SIGKILL"));
parent.on("error", () => process.kill(process.pid, "SIGKILL"));
// Signals to the parent's process group are the parent's to act on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
send(["ready", threads]);
