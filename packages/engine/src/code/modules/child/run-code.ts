import type { Outcome } from "../../protocol.ts";
import type { ToModuleChild } from "../protocol.ts";

/** What Flowise defines as undefined; `process` stays, as packages need it. */
const absent = ["fs", "child_process", "util"];

/** Runs code as the body of an async function in this process's own globals. */
export async function runCode(
  { code, globals, undefinedNames, settings }: Extract<ToModuleChild, { kind: "run" }>,
  require: (name: unknown) => unknown,
  uncaught: Promise<never>,
): Promise<Outcome> {
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const errorText = (error: unknown): string => {
    try {
      // Node's error of a host with several addresses has no text of its own.
      const inner = error instanceof AggregateError && !error.message && error.errors[0];
      return String(inner || error).slice(0, 10_000);
    } catch {
      return "Error: the code threw something that has no text";
    }
  };
  try {
    const values: Record<string, unknown> = { ...JSON.parse(globals), require };
    for (const name of [...absent, ...undefinedNames]) values[name] = undefined;
    for (const name of Object.keys(values))
      Object.defineProperty(globalThis, name, {
        value: values[name],
        writable: true,
        enumerable: true,
        configurable: true,
      });
    const value: unknown = await Promise.race([AsyncFunction(code)(), uncaught]);
    if (typeof value === "number" && !Number.isFinite(value)) return `n${value}`;
    const json = JSON.stringify(value);
    if (json === undefined) return "u";
    if (json.length <= settings.maxValueLength) return `j${json}`;
    throw new RangeError(
      `The result is ${json.length} characters long; at most ${settings.maxValueLength} are taken`,
    );
  } catch (error) {
    return `e${JSON.stringify(errorText(error))}`;
  }
}
