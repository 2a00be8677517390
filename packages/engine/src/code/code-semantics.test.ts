import { afterAll, describe, expect, test } from "vitest";
import { CodeError } from "../code.ts";
import { openCodeRunner } from "./open-code-runner.ts";

const lines: string[] = [];
const runner = openCodeRunner({
  fetch: () => Promise.reject(new Error("no network here")),
  log: ({ level, text }) => lines.push(`${level} ${text}`),
});
afterAll(() => runner.close());

const run = (code: string, globals: Record<string, unknown> = {}) =>
  runner.run({ code, globals, scope: "flow:1" });

describe("the body of code", () => {
  test("returns at its top level", async () => {
    expect(await run("return $input + 1", { $input: 1 })).toBe(2);
  });

  test("awaits at its top level", async () => {
    const code = "const a = await Promise.resolve(20); return a + (await Promise.resolve(1))";
    expect(await run(code)).toBe(21);
  });

  test("may return a promise", async () => {
    expect(await run("return new Promise((resolve) => setTimeout(resolve, 5, 'late'))")).toBe(
      "late",
    );
  });

  test("may declare names that globals have", async () => {
    expect(
      await run("const $input = 'mine'; let fetch = 1; return $input + fetch", { $input: "x" }),
    ).toBe("mine1");
  });

  test("cannot close the function it is the body of", async () => {
    await expect(run("return 1 }; globalThis.x = 1; {")).rejects.toThrow(/SyntaxError/);
  });

  test("sees the globals it is given, undefined ones too", async () => {
    const code =
      "return [$vars.a, $flow.state.topic, typeof $none, $none === undefined, globalThis.$vars.a]";
    const globals = { $vars: { a: "b" }, $flow: { state: { topic: "tea" } }, $none: undefined };
    expect(await run(code, globals)).toEqual(["b", "tea", "undefined", true, "b"]);
  });

  test("finds process, fs, child_process and util undefined", async () => {
    expect(
      await run("return [process, fs, child_process, util].every((x) => x === undefined)"),
    ).toBe(true);
  });

  test("keeps text of any script and line separators", async () => {
    const text = 'tea 🍵 \u2028 \n \t " \\ ünï \ud800';
    expect(await run("return { text: $input }", { $input: text })).toEqual({ text });
  });
});

describe("the result", () => {
  test.each([
    ["return '{\"a\": 1}'", { a: 1 }],
    ["return ' [1, 2] '", [1, 2]],
    ["return \"{a: 'json5', }\"", { a: "json5" }],
    ["return '{not json}'", "{not json}"],
    ["return '12'", "12"],
    ["return", undefined],
    ["return null", null],
    ["return NaN", Number.NaN],
    ["return -Infinity", Number.NEGATIVE_INFINITY],
    ["return new Date(0)", "1970-01-01T00:00:00.000Z"],
    ["return () => 1", undefined],
    ["return { a: undefined, b: [undefined] }", { b: [null] }],
    ["return await (async () => undefined)()", undefined],
  ])("of %s is %j", async (code, expected) => {
    expect(await run(code)).toEqual(expected);
  });

  test("that JSON cannot hold is an error", async () => {
    await expect(run("const a = {}; a.a = a; return a")).rejects.toThrow(/circular/i);
    await expect(run("return 1n")).rejects.toThrow(/BigInt/);
  });

  test("that is too long is an error", async () => {
    await expect(run("return 'x'.repeat(11_000_000)")).rejects.toThrow(/11000002 characters/);
  });

  test("of too long an input is an error", async () => {
    await expect(run("return 1", { $input: "x".repeat(11_000_000) })).rejects.toThrow(
      /at most 10000000/,
    );
  });
});

describe("an error of the code", () => {
  test.each([
    ["throw new Error('out of tea')", "NodeVM Execution Error: Error: out of tea"],
    ["await null; throw new TypeError('cold')", "NodeVM Execution Error: TypeError: cold"],
    ["throw 'text'", "NodeVM Execution Error: text"],
    ["return missing", "NodeVM Execution Error: ReferenceError: missing is not defined"],
    ["return (", "NodeVM Execution Error: SyntaxError: Unexpected token '}'"],
    [
      "setTimeout(() => { throw new Error('timer') }, 1); await new Promise(() => {})",
      "NodeVM Execution Error: Error: timer",
    ],
    [
      "throw { get toString() { throw 1 } }",
      "NodeVM Execution Error: Error: the code threw something that has no text",
    ],
  ])("%s has Flowise's text", async (code, message) => {
    const error = await run(code).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CodeError);
    expect((error as CodeError).message).toBe(message);
  });

  test("in a promise that nobody awaits does not hide the result", async () => {
    expect(await run("(async () => { throw new Error('lost') })(); return 7")).toBe(7);
    expect(await run("(async () => { await 1; throw new Error('lost') })(); return await 8")).toBe(
      8,
    );
  });

  test("may have its name and message changed", async () => {
    const code = "const e = new Error('a'); e.name = 'TeaError'; e.message = 'b'; throw e";
    await expect(run(code)).rejects.toThrow("NodeVM Execution Error: TeaError: b");
  });
});

test("console lines reach the log, bounded in length and number", async () => {
  lines.length = 0;
  await run(
    "console.log('a', {b: 1}); console.error(new Error('c')); for (let i = 0; i < 500; i++) console.warn('x'.repeat(5000))",
  );
  expect(lines.slice(0, 2)).toEqual(['info a {"b":1}', "error Error: c"]);
  expect(lines).toHaveLength(100);
  expect(lines[2]).toHaveLength(2_005);
});

test("timers fire in order, repeat and can be cleared", async () => {
  const code = `
    const seen = [];
    const gone = setTimeout(() => seen.push("never"), 1);
    clearTimeout(gone);
    setTimeout((word) => seen.push(word), 15, "late").unref();
    setImmediate(() => seen.push("soon"));
    await new Promise((resolve) => {
      let turns = 0;
      const every = setInterval(() => { if (++turns === 3) { clearInterval(every); resolve(); } }, 10);
    });
    return seen;`;
  expect(await run(code)).toEqual(["soon", "late"]);
});

test("many runs at once each get their own answer", async () => {
  const codes = [
    "return $input",
    "await new Promise((r) => setTimeout(r, $input % 5)); return $input",
  ];
  const runs = Array.from({ length: 300 }, (_, i) =>
    runner.run({ code: codes[i % 2] ?? "", globals: { $input: i }, scope: `flow:${i % 7}` }),
  );
  expect(await Promise.all(runs)).toEqual(Array.from({ length: 300 }, (_, i) => i));
});
