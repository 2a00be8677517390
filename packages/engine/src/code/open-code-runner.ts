import type { CodeRequest, CodeRunner } from "../code.ts";
import type { GuardedFetch } from "../http/guarded-fetch.ts";
import { codeError, codeValue } from "./code-value.ts";
import { fetchForCode } from "./fetch-for-code.ts";
import { type Member, openProcessPool } from "./process-pool.ts";
import { type FailureReason, type FromChild, maxValueLength } from "./protocol.ts";

export interface CodeRunnerOptions {
  fetch: GuardedFetch;
  /** Child processes to spread runs over; each is started when needed. Default 1. */
  processes?: number;
  /** How many may exist while others are held up by code that keeps computing. Default 4. */
  maxProcesses?: number;
  /** Wall clock of a run, waiting included. Default 300000, Flowise's SANDBOX_TIMEOUT. */
  timeoutMs?: number;
  /** Per isolate, that is, per flow version and process. Default 128. */
  memoryLimitMb?: number;
  /** Modules beyond the usual ones (TOOL_FUNCTION_BUILTIN_DEP); of these only `util` exists. */
  extraModules?: string[];
  /** Isolates kept in one process. Default 24. */
  maxScopes?: number;
  /** Runs in one process at a time. Default 256. */
  maxRunsPerProcess?: number;
  /** Runs that may wait for a process. Default 2000. */
  maxWaiting?: number;
  /** The child's entry file, for bundles. */
  childFile?: URL;
  /** Takes what code writes to `console`. */
  log?(entry: { scope: string; level: string; text: string }): void;
}

interface Run {
  id: number;
  request: CodeRequest;
  globals: string;
  undefinedNames: string[];
  timeoutMs: number;
  timer?: NodeJS.Timeout;
  onAbort?: () => void;
  process?: Member<Run>;
  /** It has reached the outside: beginning anew could do something twice. */
  hasFetched: boolean;
  /** It was in a process that ended unexpectedly: once more, alone. */
  isSuspect: boolean;
  /** How often it had to begin anew by the fault of others. */
  losses: number;
  fetches: Map<number, AbortController>;
  settled: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

const maxLosses = 3;
const stopAnswerMs = 2_000;

/**
 * Opens a runner of authors' JavaScript: isolates in child processes that are started on first use.
 *
 *     const code = openCodeRunner({ fetch });
 *     await code.run({ code: "return $input + 1", globals: { $input: 1 }, scope: "flow:version" }); // 2
 */
export function openCodeRunner(options: CodeRunnerOptions): CodeRunner {
  const {
    processes = 1,
    maxProcesses = Math.max(4, processes),
    timeoutMs = 300_000,
    memoryLimitMb = 128,
    extraModules = [],
    maxScopes = 24,
    maxRunsPerProcess = 256,
    maxWaiting = 2_000,
    childFile = new URL("./child.ts", import.meta.url),
  } = options;
  const waiting: Run[] = [];
  const suspects: Run[] = [];
  let lastRunId = 0;
  let closed = false;

  const pool = openProcessPool<Run>({
    processes,
    maxProcesses,
    maxRunsPerProcess,
    child: { childFile, settings: { memoryLimitMb, extraModules, maxScopes } },
    onFrame: receive,
    onLoss: lose,
  });

  function dispatch(run: Run, member: Member<Run>): void {
    run.process = member;
    pool.enter(member, run.id, run);
    const codeId = member.process.codeId(run.request.code);
    member.process.send(
      ["run", run.id, codeId, run.request.scope, run.undefinedNames],
      run.globals,
    );
  }

  function pump(): void {
    if (closed) return;
    while (suspects.length > 0) {
      const member = pool.findEmpty();
      if (!member) break;
      member.isReserved = true;
      dispatch(suspects.shift()!, member);
    }
    while (waiting.length > 0) {
      const member = pool.find();
      if (!member) return;
      dispatch(waiting.shift()!, member);
    }
  }

  function leave(member: Member<Run>): void {
    pool.left(member);
    if (suspects.length + waiting.length > 0) pump();
  }

  function receive(member: Member<Run>, header: FromChild, payload: string): void {
    switch (header[0]) {
      case "ready":
        member.threads = header[1];
        return;
      case "busy":
        member.busy = header[1];
        pump();
        return;
      case "stopped":
        clearTimeout(member.stopping.get(header[1]));
        member.stopping.delete(header[1]);
        leave(member);
        return;
      default:
    }
    const run = member.runs.get(header[1] ?? 0);
    if (!run) return;
    switch (header[0]) {
      case "done":
        settle(run, () => run.resolve(codeValue(payload)));
        break;
      case "failed":
        fail(run, member, header[2]);
        break;
      case "fetch":
        void answer(member, run, header[2], payload);
        break;
      case "cancelFetch":
        run.fetches.get(header[2])?.abort();
        break;
      case "log":
        options.log?.({
          scope: run.request.scope,
          level: header[2],
          text: String(JSON.parse(payload)),
        });
        break;
    }
  }

  async function answer(member: Member<Run>, run: Run, id: number, payload: string): Promise<void> {
    const controller = new AbortController();
    run.hasFetched = true;
    run.fetches.set(id, controller);
    let text: string;
    let ok = true;
    try {
      text = await fetchForCode(options.fetch, payload, controller.signal);
    } catch (error) {
      ok = false;
      text = JSON.stringify(error instanceof Error ? error.message : String(error));
    }
    if (run.fetches.delete(id) && !run.settled)
      member.process.send(["answer", run.id, id, ok], text);
  }

  /** Ends a run for its caller. */
  function settle(run: Run, tell: () => void): void {
    if (run.settled) return;
    run.settled = true;
    clearTimeout(run.timer);
    if (run.onAbort) run.request.signal?.removeEventListener("abort", run.onAbort);
    for (const controller of run.fetches.values()) controller.abort();
    run.fetches.clear();
    const member = run.process;
    member?.runs.delete(run.id);
    try {
      tell();
    } catch (error) {
      run.reject(error);
    }
    if (member) leave(member);
  }

  /** Ends a run before its time, in the child too. */
  function cut(run: Run, error: unknown): void {
    const member = run.process;
    if (member) {
      const timer = setTimeout(() => member.process.kill(), stopAnswerMs);
      member.stopping.set(run.id, timer);
      member.process.send(["stop", run.id]);
    } else {
      remove(waiting, run);
      remove(suspects, run);
    }
    settle(run, () => run.reject(error));
  }

  function fail(run: Run, member: Member<Run>, reason: FailureReason): void {
    const cannotRepeat = run.isSuspect || run.hasFetched;
    if (reason === "memory" || (reason === "crowded" && cannotRepeat)) {
      settle(run, () => run.reject(outOfMemory()));
    } else if (reason !== "returned" && ++run.losses > maxLosses) {
      settle(run, () => run.reject(crashed(reason)));
    } else {
      again(run, member, reason === "crowded");
    }
  }

  /** A run that ended without an outcome of its own begins anew, unless it has reached the outside. */
  function again(run: Run, member: Member<Run>, asSuspect: boolean): void {
    if (run.hasFetched) {
      const text =
        "The process or isolate running this code was ended by other code in it; not tried again, as it had made requests";
      settle(run, () => run.reject(codeError(text)));
      return;
    }
    run.process = undefined;
    member.runs.delete(run.id);
    run.isSuspect ||= asSuspect;
    (run.isSuspect ? suspects : waiting).push(run);
    leave(member);
    pump();
  }

  function lose(member: Member<Run>, detail: string): void {
    for (const run of [...member.runs.values()]) {
      if (run.isSuspect || closed) settle(run, () => run.reject(crashed(detail)));
      else again(run, member, true);
    }
    pump();
  }

  const outOfMemory = () => codeError(`The code ran out of memory; it may use ${memoryLimitMb} MB`);
  const crashed = (detail: string) =>
    codeError(
      "The process running the code ended unexpectedly; the code may need too much memory",
      {
        cause: detail,
      },
    );

  return {
    run(request) {
      return new Promise((resolve, reject) => {
        const { signal } = request;
        if (signal?.aborted) throw abortReason(signal);
        if (closed) throw codeError("The code runner is closed");
        if (waiting.length + suspects.length >= maxWaiting)
          throw codeError("Too many code runs are waiting");
        const globals = globalsText(request.globals);
        if (globals.length > maxValueLength) {
          throw codeError(
            `The values given to the code are ${globals.length} characters long; at most ${maxValueLength} are taken`,
          );
        }
        const run: Run = {
          id: ++lastRunId,
          request,
          globals,
          undefinedNames: undefinedNames(request.globals),
          timeoutMs: request.timeoutMs ?? timeoutMs,
          hasFetched: false,
          isSuspect: false,
          losses: 0,
          fetches: new Map(),
          settled: false,
          resolve,
          reject,
        };
        run.timer = setTimeout(
          () => cut(run, codeError(`Script execution timed out after ${run.timeoutMs}ms`)),
          run.timeoutMs,
        );
        if (signal) {
          run.onAbort = () => cut(run, abortReason(signal));
          signal.addEventListener("abort", run.onAbort, { once: true });
        }
        const member = waiting.length === 0 ? pool.find() : undefined;
        if (member) dispatch(run, member);
        else waiting.push(run);
      });
    },
    async close() {
      closed = true;
      const ended = [...pool.runs(), ...waiting, ...suspects];
      waiting.length = 0;
      suspects.length = 0;
      for (const run of ended)
        settle(run, () => run.reject(codeError("The code runner is closed")));
      await pool.close();
    },
  };
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

export function globalsText(globals: Record<string, unknown>): string {
  try {
    return JSON.stringify(globals);
  } catch (cause) {
    throw codeError("The values given to the code are not JSON", { cause });
  }
}

export function undefinedNames(globals: Record<string, unknown>): string[] {
  return Object.keys(globals).filter((name) => globals[name] === undefined);
}

export function abortReason(signal: AbortSignal): unknown {
  return signal.reason instanceof Error ? signal.reason : codeError("The run was stopped");
}
