import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Parsed, ParseLimits, ParseOptions } from "./file-parser.ts";

/** A process that reads files one after another. */
export interface ParseProcess {
  /** Rejects with what is wrong with the file. */
  parse(bytes: Uint8Array, how: ParseOptions): Promise<Parsed>;
  /** It can read nothing more. */
  readonly isGone: boolean;
  kill(): void;
  /** Kills it and resolves once it is gone. */
  close(): Promise<void>;
}

type Reply = { parsed: Parsed } | { error: string };

const nodeFlags = ["--permission", "--allow-fs-read=*", "--allow-worker"];

export function openParseProcess(childFile: URL, limits: ParseLimits): ParseProcess {
  const heapMb = Math.ceil(limits.maxMemoryMb * 0.75);
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${heapMb}`,
      ...nodeFlags,
      fileURLToPath(childFile),
      JSON.stringify(limits),
    ],
    { env: {}, cwd: "/", stdio: ["ignore", "ignore", "ignore", "ipc"], serialization: "advanced" },
  );
  // An idle one keeps nobody alive.
  child.unref();
  child.channel?.unref();
  let isGone = false;
  let waiting: PromiseWithResolvers<Parsed> | undefined;
  const gone = Promise.withResolvers<void>();
  const lost = (reason: string) => {
    isGone = true;
    waiting?.reject(new Error(reason));
    gone.resolve();
  };
  child.on("message", (reply: Reply) => {
    if ("error" in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.parsed);
  });
  child.once("error", (error) => lost(`the process that reads files: ${error.message}`));
  child.once("exit", (code, signal) =>
    lost(
      // Its own watch or V8 ended it; a kill from here has another reason already.
      signal === "SIGKILL" || signal === "SIGABRT" || code === 134
        ? `takes more than the ${limits.maxMemoryMb} MB of memory that reading a file may take`
        : `the process that reads files ended (${signal ?? `exit code ${code}`})`,
    ),
  );
  return {
    get isGone() {
      return isGone;
    },
    parse(bytes, how) {
      waiting = Promise.withResolvers();
      child.send({ bytes, how }, (error) => {
        if (error) waiting?.reject(error);
      });
      return waiting.promise;
    },
    kill() {
      isGone = true;
      child.kill("SIGKILL");
    },
    close() {
      child.ref();
      child.kill("SIGKILL");
      return gone.promise;
    },
  };
}
