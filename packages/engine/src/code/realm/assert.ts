import type { Realm } from "./realm.ts";

/** The module `assert`, and `util` for operators who allow it. */
export function installAssert(realm: Realm): void {
  class AssertionError extends Error {
    code = "ERR_ASSERTION";
    actual: unknown;
    expected: unknown;
    constructor(message: unknown, actual?: unknown, expected?: unknown) {
      super(String(message));
      this.name = "AssertionError";
      this.actual = actual;
      this.expected = expected;
    }
  }
  const show = (value: unknown): string => {
    try {
      return (typeof value !== "function" && JSON.stringify(value)) || String(value);
    } catch {
      return String(value);
    }
  };
  const same = (
    a: unknown,
    b: unknown,
    strict: boolean,
    seen = new Map<unknown, unknown>(),
  ): boolean => {
    if (Object.is(a, b)) return true;
    if (a === null || b === null || typeof a !== "object" || typeof b !== "object") {
      // biome-ignore lint/suspicious/noDoubleEquals: assert.deepEqual compares loosely
      return !strict && a == b;
    }
    if (seen.get(a) === b) return true;
    seen.set(a, b);
    if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
    if (a instanceof RegExp && b instanceof RegExp) return String(a) === String(b);
    if (a instanceof Error && b instanceof Error)
      return a.message === b.message && a.name === b.name;
    if (a instanceof Map && b instanceof Map) return same([...a], [...b], strict, seen);
    if (a instanceof Set && b instanceof Set) return same([...a], [...b], strict, seen);
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
    return keys.every((key) => Object.hasOwn(b, key) && same(left[key], right[key], strict, seen));
  };
  const check = (
    good: boolean,
    message: unknown,
    text: string,
    actual?: unknown,
    expected?: unknown,
  ) => {
    if (good) return;
    if (message instanceof Error) throw message;
    throw new AssertionError(message ?? text, actual, expected);
  };
  const fits = (error: unknown, expected: unknown): boolean => {
    if (expected === undefined || typeof expected === "string") return true;
    if (expected instanceof RegExp) return expected.test(String(error));
    if (typeof expected === "function") {
      if (expected.prototype !== undefined && error instanceof expected) return true;
      return !(expected.prototype instanceof Error) && expected(error) === true;
    }
    return Object.entries(expected as object).every(([key, value]) => {
      const found = (error as Record<string, unknown>)[key];
      return value instanceof RegExp ? value.test(String(found)) : same(found, value, true);
    });
  };

  const ok = (value: unknown, message?: unknown) =>
    check(Boolean(value), message, `${show(value)} is not truthy`);
  const relation =
    (test: (a: unknown, b: unknown) => boolean, words: string) =>
    (a: unknown, b: unknown, message?: unknown) =>
      check(test(a, b), message, `${show(a)} ${words} ${show(b)}`, a, b);

  const assert = Object.assign((value: unknown, message?: unknown) => ok(value, message), {
    AssertionError,
    ok,
    // biome-ignore lint/suspicious/noDoubleEquals: assert.equal compares loosely
    equal: relation((a, b) => a == b || Object.is(a, b), "=="),
    // biome-ignore lint/suspicious/noDoubleEquals: assert.notEqual compares loosely
    notEqual: relation((a, b) => a != b, "!="),
    strictEqual: relation((a, b) => Object.is(a, b), "is not"),
    notStrictEqual: relation((a, b) => !Object.is(a, b), "is"),
    deepEqual: relation((a, b) => same(a, b, false), "does not equal"),
    deepStrictEqual: relation((a, b) => same(a, b, true), "does not equal"),
    notDeepEqual: relation((a, b) => !same(a, b, false), "equals"),
    notDeepStrictEqual: relation((a, b) => !same(a, b, true), "equals"),
    match: relation((a, b) => (b as RegExp).test(String(a)), "does not match"),
    doesNotMatch: relation((a, b) => !(b as RegExp).test(String(a)), "matches"),
    fail: (message?: unknown) => check(false, message, "Failed"),
    ifError: (value: unknown) => {
      if (value !== null && value !== undefined) throw value;
    },
    throws: (call: () => unknown, expected?: unknown, message?: unknown) => {
      try {
        call();
      } catch (error) {
        if (!fits(error, expected)) throw error;
        return;
      }
      check(
        false,
        message ?? (typeof expected === "string" ? expected : undefined),
        "Missing expected exception.",
      );
    },
    doesNotThrow: (call: () => unknown) => void call(),
    rejects: async (work: unknown, expected?: unknown, message?: unknown) => {
      try {
        await (typeof work === "function" ? work() : work);
      } catch (error) {
        if (!fits(error, expected)) throw error;
        return;
      }
      check(false, message, "Missing expected rejection.");
    },
  });
  realm.modules.assert = Object.assign(assert, { strict: assert });

  if (!realm.extraModules.includes("util")) return;
  realm.modules.util = {
    isDeepStrictEqual: (a: unknown, b: unknown) => same(a, b, true),
    inspect: show,
    format: (...values: unknown[]) =>
      values.map((v) => (typeof v === "string" ? v : show(v))).join(" "),
    promisify:
      (call: (...args: unknown[]) => void) =>
      (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          call(...args, (error: unknown, value: unknown) =>
            error ? reject(error) : resolve(value),
          );
        }),
  };
}
