import { availableParallelism } from "node:os";
import type { FailureReason, FromChild } from "../protocol.ts";
import {
  disposeScope,
  dropLease,
  execute,
  type Lease,
  makeLease,
  maxExecuting,
  openScope,
  returnLease,
  type Scope,
  type ScopeEvents,
  type ScopeSettings,
} from "./scope.ts";

interface Run {
  id: number;
  scope: Scope;
  codeId: number;
  code: string;
  globals: string;
  undefinedNames: string;
  lease?: Lease;
  timers: Map<number, NodeJS.Timeout>;
  /** Requests at the parent. */
  requests: Set<number>;
  ended: boolean;
  /** It did not come to its own end. */
  wasCut: boolean;
}

export interface RunsOptions extends ScopeSettings {
  maxScopes: number;
  send(header: FromChild, payload?: string): void;
  /** An isolate has run out of memory in a way that takes the process along. */
  onCatastrophe(culprit: number | undefined): void;
}

/** As many isolates execute at once as isolated-vm has threads. */
export const threads = availableParallelism() + 1;
const stuckMs = 500;
/** A run that waits holds a context of its isolate, about half a megabyte. */
const maxRunsPerScope = 64;
const stopGraceMs = 100;

/** The runs of this process, each in a context of its scope's isolate. */
export function openRuns(options: RunsOptions) {
  const { send } = options;
  const scopes = new Map<string, Scope>(); // least recently used first
  const runs = new Map<number, Run>();
  let busy = 0;
  let watch: NodeJS.Timeout | undefined;

  const events: ScopeEvents = {
    onPost(lease, runId, kind, id, text) {
      const run = runs.get(runId);
      if (!run || run.ended || lease.runId !== runId) {
        lease.tainted = true;
      } else if (kind === "timer") {
        run.timers.set(
          id,
          setTimeout(() => deliver(run, id, true, ""), Number(text)),
        );
      } else if (kind === "clear") {
        clearTimeout(run.timers.get(id));
        run.timers.delete(id);
      } else if (kind === "fetch") {
        run.requests.add(id);
        send(["fetch", runId, id], text);
      } else if (kind === "cancelFetch") {
        run.requests.delete(id);
        send(["cancelFetch", runId, id]);
      } else if (kind.startsWith("log:")) {
        send(["log", runId, kind.slice(4)], text);
      }
    },
    onDone(lease, runId, outcome) {
      const run = runs.get(runId);
      if (run && lease.runId === runId) finish(run, outcome);
    },
    onRoom: begin,
    onCatastrophe(scope) {
      options.onCatastrophe(scope.executing[0]?.runId);
    },
  };

  function scopeFor(wanted: string): Scope {
    let name = wanted;
    for (let n = 1, known = scopes.get(name); known; known = scopes.get(name)) {
      if (known.inUse < maxRunsPerScope) {
        scopes.delete(name);
        scopes.set(name, known);
        return known;
      }
      name = `${wanted}\n${n++}`;
    }
    for (const scope of scopes.values()) {
      if (scopes.size < options.maxScopes) break;
      if (scope.inUse > 0) continue;
      scopes.delete(scope.name);
      disposeScope(scope);
    }
    const scope = openScope(name, options, events);
    scopes.set(name, scope);
    return scope;
  }

  /** Begins waiting runs while their isolate has room. */
  function begin(scope: Scope): void {
    while (scope.executing.length < maxExecuting && scope.waiting.length > 0) {
      const run = runs.get(scope.waiting.shift() as number);
      if (run && !run.ended) void start(run);
    }
  }

  async function start(run: Run): Promise<void> {
    const { scope } = run;
    try {
      for (let attempt = 0; attempt < 2 && !run.ended; attempt++) {
        const lease =
          scope.idle.pop() ??
          (await execute(scope, events, run.id, () => makeLease(scope, options, events)));
        lease.runId = run.id;
        run.lease = lease;
        if (run.ended) break;
        const answer = await call(run, lease);
        if (answer !== "d") {
          if (answer !== "p") finish(run, answer);
          return;
        }
        dropLease(lease);
        run.lease = undefined;
      }
      fail(run, "lost");
    } catch (error) {
      lose(run, error);
    } finally {
      release(run);
    }
  }

  async function call(run: Run, lease: Lease): Promise<string> {
    const code = lease.programs.has(run.codeId) ? undefined : run.code;
    lease.programs.add(run.codeId);
    const args = [run.id, run.codeId, code, run.globals, run.undefinedNames];
    try {
      return (await execute(run.scope, events, run.id, () =>
        lease.start.apply(undefined, args),
      )) as string;
    } catch (error) {
      if (isGone(error)) throw error;
      // A promise nobody waits for was rejected: the run's own outcome counts.
      return (await execute(run.scope, events, run.id, () =>
        lease.outcome.apply(undefined, []),
      )) as string;
    }
  }

  function deliver(run: Run, id: number, ok: boolean, text: string): void {
    run.timers.delete(id);
    run.requests.delete(id);
    const { lease, scope } = run;
    if (run.ended || !lease) return;
    execute(scope, events, run.id, () => lease.deliver.apply(undefined, [id, ok, text])).then(
      () => release(run),
      (error) => {
        if (isGone(error)) lose(run, error);
        release(run);
      },
    );
  }

  /** The isolate failed under a run. */
  function lose(run: Run, error: unknown): void {
    const { scope } = run;
    if (scopes.get(scope.name) === scope) scopes.delete(scope.name);
    const isMemory = error instanceof Error && error.message.includes("memory limit");
    fail(run, isMemory ? memoryReason(scope) : "lost");
    // The others in it hear of it by the same way, or now.
    setImmediate(() => endScope(scope, undefined));
  }

  function finish(run: Run, outcome: string): void {
    if (run.ended) return;
    end(run);
    if (outcome.includes("\n")) send(["failed", run.id, "lost"]);
    else send(["done", run.id], outcome);
    release(run);
  }

  function fail(run: Run, reason: FailureReason): void {
    if (run.ended) return;
    run.wasCut = true;
    end(run);
    send(["failed", run.id, reason]);
    release(run);
  }

  function end(run: Run): void {
    run.ended = true;
    for (const timer of run.timers.values()) clearTimeout(timer);
  }

  /** Gives the lease back once the run has ended and nothing of it executes. */
  function release(run: Run): void {
    if (!run.ended || !runs.has(run.id)) return;
    if (run.scope.executing.some((execution) => execution.runId === run.id)) return;
    runs.delete(run.id);
    run.scope.inUse--;
    const clean = !run.wasCut && run.timers.size + run.requests.size === 0;
    if (run.lease) returnLease(run.scope, run.lease, clean);
    run.lease = undefined;
  }

  function endScope(scope: Scope, culprit: Run | undefined): void {
    if (scopes.get(scope.name) === scope) scopes.delete(scope.name);
    if (culprit) fail(culprit, memoryReason(scope));
    disposeScope(scope);
    for (const run of runs.values()) if (run.scope === scope) fail(run, "lost");
  }

  /** Ends a run from outside: its context, and its isolate too if it will not stop executing. */
  async function stop(runId: number): Promise<void> {
    const run = runs.get(runId);
    if (run && !run.ended) {
      run.wasCut = true;
      end(run);
      const since = performance.now();
      while (isHead(run) && performance.now() - since < stopGraceMs) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      if (isHead(run)) endScope(run.scope, undefined);
      release(run);
    }
    send(["stopped", runId]);
  }

  /** Looks after long executions while there are any: memory, and threads for the others. */
  function look(): void {
    const now = performance.now();
    const heads = [...scopes.values()]
      .filter((scope) => scope.executing[0] && now - scope.executing[0].sinceMs > stuckMs)
      .sort((a, b) => a.executing[0]!.sinceMs - b.executing[0]!.sinceMs);
    if (heads.length !== busy) {
      busy = heads.length;
      send(["busy", busy]);
    }
    heads.forEach((scope, place) => {
      const head = runs.get(scope.executing[0]!.runId);
      for (const runId of scope.waiting.splice(0)) {
        const run = runs.get(runId);
        if (run) fail(run, "returned");
      }
      // Either it has not begun, as it came later than there were threads, or nobody waits for it any more.
      if (place >= threads && head && head.requests.size === 0) fail(head, "returned");
      if (!head || head.ended) endScope(scope, undefined);
    });
    if (process.memoryUsage.rss() / 1e6 > 400 + 2 * options.memoryLimitMb) relieve(now);
    if (runs.size === 0 && busy === 0) {
      clearInterval(watch);
      watch = undefined;
    }
  }

  function relieve(now: number): void {
    for (const scope of [...scopes.values()]) {
      const head = scope.executing[0];
      if (head && now - head.sinceMs > 50) endScope(scope, runs.get(head.runId));
      else if (scope.inUse === 0) endScope(scope, undefined);
    }
  }

  return {
    start(
      id: number,
      scopeName: string,
      codeId: number,
      code: string,
      globals: string,
      undefinedNames: string[],
    ) {
      const scope = scopeFor(scopeName);
      const run: Run = {
        id,
        scope,
        codeId,
        code,
        globals,
        undefinedNames: undefinedNames.join("\n"),
        timers: new Map(),
        requests: new Set(),
        ended: false,
        wasCut: false,
      };
      runs.set(id, run);
      scope.inUse++;
      watch ??= setInterval(look, 100);
      scope.waiting.push(id);
      begin(scope);
    },
    answer(runId: number, requestId: number, ok: boolean, text: string) {
      const run = runs.get(runId);
      if (run?.requests.has(requestId)) deliver(run, requestId, ok, text);
    },
    stop,
  };
}

/** Whether the isolate's thread is with this run. */
function isHead(run: Run): boolean {
  return !run.scope.dead && run.scope.executing[0]?.runId === run.id;
}

/** Runs of one isolate share its memory: whose fault it was is known only of one that was alone. */
function memoryReason(scope: Scope): FailureReason {
  return scope.inUse > 1 ? "crowded" : "memory";
}

function isGone(error: unknown): error is Error {
  return error instanceof Error && /disposed/i.test(error.message);
}
