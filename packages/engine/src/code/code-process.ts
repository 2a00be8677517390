import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { encodeFrame, type FromChild, frameReader, type ToChild } from "./protocol.ts";

export interface CodeProcessOptions {
  childFile: URL;
  settings: { memoryLimitMb: number; extraModules: string[]; maxScopes: number };
  onFrame(header: FromChild, payload: string): void;
  /** Once, after everything it wrote has been read. */
  onClose(detail: string): void;
}

/** One child and the pipe to it. */
export interface CodeProcess {
  readonly pid: number | undefined;
  send(header: ToChild, payload?: string): void;
  /** Sends the code unless this child has it, and returns the number it goes by. */
  codeId(code: string): number;
  kill(): void;
  /** Kills it and resolves once it is gone. */
  close(): Promise<void>;
}

const maxCodes = 500;
const silentTicks = 5;
const tickMs = 1_000;

// Without TurboFan a growing array stays within the isolate's limit; with it, the process grew by gigabytes or
// crashed (isolated-vm 7.0.1 on Node 24). Code in flows is glue: it loses little, and so does an attacker.
const nodeFlags = ["--no-turbofan", "--permission", "--allow-addons", "--allow-fs-read=*"];

export function openCodeProcess(options: CodeProcessOptions): CodeProcess {
  const file = fileURLToPath(options.childFile);
  const child: ChildProcess = spawn(
    process.execPath,
    [...nodeFlags, file, JSON.stringify(options.settings)],
    { env: {}, stdio: ["ignore", "ignore", "pipe", "pipe"], cwd: "/" },
  );
  const pipe = child.stdio[3] as Duplex & { unref?(): void };
  const codes = new Map<string, number>(); // oldest first
  let lastCodeId = 0;
  let out = "";
  let silent = 0;
  let errors = "";

  child.unref();
  pipe.unref?.();
  (child.stderr as unknown as { unref?(): void }).unref?.();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-2_000);
  });

  const flush = () => {
    const text = out;
    out = "";
    if (pipe.writable) pipe.write(text);
  };
  const send = (header: ToChild, payload?: string) => {
    if (!out) process.nextTick(flush);
    out += encodeFrame(header, payload);
  };
  const kill = () => {
    child.kill("SIGKILL");
  };

  const read = frameReader<FromChild>((header, payload) => {
    if (header[0] !== "pong") options.onFrame(header, payload);
  });
  pipe.setEncoding("utf8");
  pipe.on("data", (text: string) => {
    silent = 0;
    try {
      read(text);
    } catch {
      kill(); // it does not speak the protocol any more
    }
  });
  pipe.on("error", kill);

  // The child's main thread never runs authors' code, so one that does not answer is beyond help.
  const heart = setInterval(() => {
    if (++silent > silentTicks) kill();
    else send(["ping"]);
  }, tickMs).unref();

  let isClosed = false;
  const closed = Promise.withResolvers<void>();
  const onClose = (detail: string) => {
    if (isClosed) return;
    isClosed = true;
    clearInterval(heart);
    options.onClose(detail);
    closed.resolve();
  };
  child.once("error", (error) => onClose(error.message));
  child.once("close", (code, signal) =>
    onClose(`${signal ?? `exit code ${code}`} ${errors}`.trim()),
  );

  return {
    get pid() {
      return child.pid;
    },
    send,
    kill,
    close() {
      child.ref();
      kill();
      return closed.promise;
    },
    codeId(code) {
      const known = codes.get(code);
      if (known !== undefined) return known;
      if (codes.size >= maxCodes) {
        const [oldest] = codes;
        if (oldest) {
          codes.delete(oldest[0]);
          send(["forget", oldest[1]]);
        }
      }
      codes.set(code, ++lastCodeId);
      send(["code", lastCodeId, code]);
      return lastCodeId;
    },
  };
}
