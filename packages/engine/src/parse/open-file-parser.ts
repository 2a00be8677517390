import {
  defaultParseLimits,
  type FileParser,
  type Parsed,
  type ParseLimits,
  type ParseRequest,
} from "./file-parser.ts";
import { openParseProcess, type ParseProcess } from "./parse-process.ts";

export interface FileParserOptions {
  /** How many files are read at once. */
  processes?: number;
  childFile?: URL;
  limits?: Partial<ParseLimits>;
}

const maxWaiting = 200;
const idleMs = 10_000;
/** What leaks in a reader leaks for so many files. */
const maxUses = 100;

/**
 * Opens a reader of files. Processes are started when a file comes, and end when none has come for a while.
 *
 *     const { documents } = await parser.parse({ name: "a.pdf", bytes, how: { format: "pdf", perFile: false } }, signal);
 */
export function openFileParser(options: FileParserOptions = {}): FileParser {
  const { processes = 2, childFile = new URL("./child.ts", import.meta.url) } = options;
  const limits = { ...defaultParseLimits, ...options.limits };
  const waiting: (() => void)[] = [];
  const busy = new Set<ParseProcess>();
  const idle: { process: ParseProcess; uses: number; timer: NodeJS.Timeout }[] = [];
  let taken = 0;
  let isClosed = false;

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (taken < processes) {
      taken++;
      return;
    }
    if (waiting.length >= maxWaiting)
      throw new Error("too many files wait to be read here: try again later");
    const turn = Promise.withResolvers<void>();
    const onAbort = () => {
      const at = waiting.indexOf(turn.resolve);
      if (at >= 0) waiting.splice(at, 1);
      turn.reject(signal.reason);
    };
    waiting.push(turn.resolve);
    signal.addEventListener("abort", onAbort, { once: true });
    await turn.promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else taken--;
  }

  function borrow(): { process: ParseProcess; uses: number } {
    for (let found = idle.pop(); found; found = idle.pop()) {
      clearTimeout(found.timer);
      if (!found.process.isGone) return found;
    }
    return { process: openParseProcess(childFile, limits), uses: 0 };
  }

  function giveBack(process: ParseProcess, uses: number): void {
    if (process.isGone) return;
    if (isClosed || uses >= maxUses) {
      process.kill();
      return;
    }
    const entry = { process, uses, timer: setTimeout(forget, idleMs).unref() };
    function forget() {
      idle.splice(idle.indexOf(entry), 1);
      process.kill();
    }
    idle.push(entry);
  }

  /** Reads in a process that dies when the clock or the caller says so. */
  async function readIn(
    process: ParseProcess,
    { bytes, how }: ParseRequest,
    signal: AbortSignal,
  ): Promise<Parsed> {
    const stop = Promise.withResolvers<never>();
    const end = (reason: unknown) => {
      stop.reject(reason);
      process.kill();
    };
    const late = new Error(`cannot be read within ${limits.timeoutMs / 1000} s`);
    const timer = setTimeout(() => end(late), limits.timeoutMs);
    const onAbort = () => end(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([process.parse(bytes, how), stop.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async function read(request: ParseRequest, signal: AbortSignal): Promise<Parsed> {
    if (request.bytes.length > limits.maxBytes)
      throw new Error(`is larger than the ${limits.maxBytes} bytes that are read`);
    await enter(signal);
    try {
      signal.throwIfAborted();
      if (isClosed) throw new Error("no file is read here any more");
      const { process, uses } = borrow();
      busy.add(process);
      try {
        return await readIn(process, request, signal);
      } finally {
        busy.delete(process);
        giveBack(process, uses + 1);
      }
    } finally {
      leave();
    }
  }

  return {
    parse: (request, signal) =>
      read(request, signal).catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`${request.name}: ${reason}`, { cause });
      }),
    async close() {
      isClosed = true;
      for (const { timer } of idle) clearTimeout(timer);
      const all = [...busy, ...idle.splice(0).map(({ process }) => process)];
      await Promise.all(all.map((process) => process.close()));
    },
  };
}
