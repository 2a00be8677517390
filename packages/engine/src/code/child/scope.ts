import ivm from "isolated-vm";
import { maxValueLength } from "../protocol.ts";
import { realmSource } from "../realm/source.ts";
import { answerHostCall } from "./host-calls.ts";

/** A context with the realm in it, lent to one run at a time. */
export interface Lease {
  context: ivm.Context;
  start: ivm.Reference<(...args: unknown[]) => unknown>;
  deliver: ivm.Reference<(...args: unknown[]) => unknown>;
  outcome: ivm.Reference<() => unknown>;
  /** Programs compiled in it. */
  programs: Set<number>;
  /** The run that holds it; what an earlier one still says is not heard. */
  runId: number;
  /** Something happened after a run's end: not to be used again. */
  tainted: boolean;
}

/** An isolate of its own for the runs of one flow version. */
export interface Scope {
  name: string;
  isolate: ivm.Isolate;
  idle: Lease[];
  /** Calls into the isolate, oldest first: the first is being executed, or waits for a thread. */
  executing: Execution[];
  /** Runs in it, waiting ones included. */
  inUse: number;
  /** Runs that have not begun: an isolate executes one thing at a time, and each begun run holds a context. */
  waiting: number[];
  dead: boolean;
}

export interface Execution {
  runId: number;
  /** When it came first in line. */
  sinceMs: number;
}

export interface ScopeEvents {
  onPost(lease: Lease, runId: number, kind: string, id: number, text: string): void;
  onDone(lease: Lease, runId: number, outcome: string): void;
  /** One more call fits. */
  onRoom(scope: Scope): void;
  onCatastrophe(scope: Scope): void;
}

export interface ScopeSettings {
  memoryLimitMb: number;
  extraModules: string[];
}

/** Enough that an isolate's thread finds the next call when it has done one. */
export const maxExecuting = 4;
const maxIdleLeases = 8;
const maxPrograms = 64;
const source = realmSource();

export function openScope(name: string, settings: ScopeSettings, events: ScopeEvents): Scope {
  const scope: Scope = {
    name,
    isolate: new ivm.Isolate({
      memoryLimit: settings.memoryLimitMb,
      onCatastrophicError: () => events.onCatastrophe(scope),
    }),
    idle: [],
    executing: [],
    inUse: 0,
    waiting: [],
    dead: false,
  };
  return scope;
}

/** Runs one call into the isolate and keeps account of it; every call into an isolate goes through here. */
export async function execute<T>(
  scope: Scope,
  events: ScopeEvents,
  runId: number,
  call: () => Promise<T>,
): Promise<T> {
  const entry: Execution = { runId, sinceMs: performance.now() };
  scope.executing.push(entry);
  try {
    return await call();
  } finally {
    const at = scope.executing.indexOf(entry);
    scope.executing.splice(at, 1);
    if (at === 0 && scope.executing[0]) scope.executing[0].sinceMs = performance.now();
    if (scope.executing.length < maxExecuting) events.onRoom(scope);
  }
}

export async function makeLease(
  scope: Scope,
  settings: ScopeSettings,
  events: ScopeEvents,
): Promise<Lease> {
  const context = await scope.isolate.createContext();
  const lease = { context, programs: new Set(), runId: 0, tainted: false } as unknown as Lease;
  const install = await context.eval(source, { reference: true });
  const entries: ivm.Reference = await install.apply(
    undefined,
    [
      new ivm.Callback(answerHostCall, { sync: true }),
      new ivm.Callback(
        (runId: number, kind: string, id: number, text: string) =>
          events.onPost(lease, runId, kind, id, text),
        { ignored: true },
      ),
      new ivm.Callback((runId: number, outcome: string) => events.onDone(lease, runId, outcome), {
        ignored: true,
      }),
      JSON.stringify({ ...settings, maxValueLength }),
    ],
    { result: { reference: true } },
  );
  install.release();
  for (const name of ["start", "deliver", "outcome"] as const) {
    lease[name] = await entries.get(name, { reference: true });
  }
  entries.release();
  return lease;
}

/** Takes a lease back: for the next run if nothing of the last one is left in it. */
export function returnLease(scope: Scope, lease: Lease, clean: boolean): void {
  lease.runId = 0;
  const keep = clean && !lease.tainted && !scope.dead && lease.programs.size < maxPrograms;
  if (keep && scope.idle.length < maxIdleLeases) scope.idle.push(lease);
  else dropLease(lease);
}

export function dropLease(lease: Lease): void {
  for (const handle of [lease.start, lease.deliver, lease.outcome, lease.context]) handle.release();
}

export function disposeScope(scope: Scope): void {
  scope.dead = true;
  scope.idle = [];
  scope.waiting = [];
  try {
    scope.isolate.dispose();
  } catch {
    // it is gone already
  }
}
