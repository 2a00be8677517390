import type { Realm } from "./realm.ts";

/** The two entries of the host: begin a run, and hand over what a run waits for. Called last, on a hardened realm. */
export function runEntries(realm: Realm) {
  const { maxValueLength } = realm;
  const own = new Set(Reflect.ownKeys(globalThis));
  const parent = Object.getPrototypeOf(globalThis);
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const programs = new Map<number, () => unknown>();
  let outcome = "";

  const clean = (): boolean => {
    if (realm.pending.size > 0 || Object.getPrototypeOf(globalThis) !== parent) return false;
    for (const key of Reflect.ownKeys(globalThis)) {
      if (!own.has(key) && !Reflect.deleteProperty(globalThis, key)) return false;
    }
    return Reflect.ownKeys(globalThis).length === own.size;
  };

  const compile = (codeId: number, code: string): (() => unknown) => {
    // A function that cannot wait needs no promise; one that returns a promise is awaited all the same.
    const program = /\bawait\b/.test(code) ? AsyncFunction(code) : Function(code);
    Object.freeze(program.prototype);
    Object.freeze(program);
    programs.set(codeId, program as () => unknown);
    return program as () => unknown;
  };

  const describe = (value: unknown): string => {
    if (typeof value === "number" && !Number.isFinite(value)) return `n${value}`;
    const json = JSON.stringify(value);
    if (json === undefined) return "u";
    if (json.length <= maxValueLength) return `j${json}`;
    throw new RangeError(
      `The result is ${json.length} characters long; at most ${maxValueLength} are taken`,
    );
  };
  const failed = (error: unknown): string => `e${JSON.stringify(realm.errorText(error))}`;
  const settled = (value: unknown): string => {
    try {
      return describe(value);
    } catch (error) {
      return failed(error);
    }
  };

  const begin = (program: () => unknown, runId: number): string => {
    const value = program();
    if (value === null || (typeof value !== "object" && typeof value !== "function"))
      return describe(value);
    if (typeof (value as PromiseLike<unknown>).then !== "function") return describe(value);
    Promise.resolve(value).then(
      (result) => realm.finish(settled(result), runId),
      (error) => realm.finish(failed(error), runId),
    );
    return "p";
  };

  return {
    /** Returns an outcome, `p` when the run goes on, or `d` when this realm cannot be made clean. */
    start(
      runId: number,
      codeId: number,
      code: string | undefined,
      globals: string,
      undefinedNames: string,
    ): string {
      if (!clean()) return "d";
      realm.beginRun(runId);
      try {
        const program = programs.get(codeId) ?? compile(codeId, code ?? "");
        const values = JSON.parse(globals) as Record<string, unknown>;
        for (const name of undefinedNames ? undefinedNames.split("\n") : [])
          values[name] = undefined;
        for (const name of Object.keys(values)) {
          const value = values[name];
          Reflect.defineProperty(globalThis, name, {
            value,
            writable: true,
            enumerable: true,
            configurable: true,
          });
        }
        outcome = begin(program, runId);
      } catch (error) {
        outcome = failed(error);
      }
      return outcome;
    },
    /** What `start` returned, for when its own answer got lost behind an unhandled rejection. */
    outcome: () => outcome,
    deliver(id: number, ok: boolean, text: string): void {
      const entry = realm.pending.get(id);
      if (!entry) return;
      realm.pending.delete(id);
      try {
        entry.settle(ok, text);
      } catch (error) {
        realm.finish(failed(error));
      }
    },
  };
}
