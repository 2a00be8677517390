import { afterAll, describe, expect, test } from "vitest";
import { openCodeRunner } from "./open-code-runner.ts";

const runner = openCodeRunner({
  fetch: () => Promise.reject(new Error("no network here")),
  extraModules: ["util"],
});
afterAll(() => runner.close());

const run = (code: string, scope = "flow:1") => runner.run({ code, globals: {}, scope });

describe("code does not get out", () => {
  test.each([
    "this.constructor.constructor('return process')().pid",
    "(() => {}).constructor('return process')().pid",
    "require.constructor('return process')().mainModule",
    "(await fetch.constructor('return process')()).pid",
    "console.log.constructor('return process')().pid",
    "setTimeout(() => {}, 1e6).constructor.constructor('return process')().pid",
    "require('crypto').createHash.constructor('return process')().pid",
  ])("%s finds no process", async (code) => {
    await expect(run(`return ${code}`)).rejects.toThrow(
      /TypeError: Cannot read properties of undefined/,
    );
  });

  test("errors of the host are errors of the code's own realm and tell no paths", async () => {
    const code = `
      const errors = [];
      for (const attempt of [
        () => require("crypto").createHash("nope"), () => new URL("nope"), () => require("path").join(1),
        () => require("zlib").gunzipSync("no"), () => require("fs"),
      ]) try { attempt() } catch (e) { errors.push(e) }
      try { await fetch("x") } catch (e) { errors.push(e) }
      return errors.map((e) => [e instanceof Error, e.constructor.constructor === Function, /file:|\\/node_modules|\\.ts/.test(e.stack)]);`;
    expect(await run(code)).toEqual(Array(6).fill([true, true, false]));
  });

  test("has no wasm, shared memory, weak references, imports or remembered matches", async () => {
    const code = `
      const imported = await import("node:fs").then(() => "imported", () => "refused");
      return [typeof WebAssembly, typeof SharedArrayBuffer, typeof Atomics, typeof WeakRef, typeof FinalizationRegistry, RegExp.$1, imported];`;
    expect(await run(code)).toEqual([...Array(5).fill("undefined"), null, "refused"]);
  });

  test("its child has no environment", async () => {
    expect(await run("return typeof process === 'undefined' && typeof require('util').env")).toBe(
      "undefined",
    );
  });
});

describe("a run leaves nothing to the next one of its scope", () => {
  test.each([
    ["globalThis.leak = 1", "typeof leak"],
    ["leak = 1", "typeof leak"],
    ["(0, eval)('var leak = 1')", "typeof leak"],
    ["Object.defineProperty(globalThis, 'leak', { value: 1 })", "typeof leak"],
    ["Object.setPrototypeOf(globalThis, { leak: 1 })", "typeof leak"],
    ["Object.getPrototypeOf(globalThis).leak = 1", "typeof leak"],
    ["Object.prototype.leak = 1", "typeof {}.leak"],
    ["Array.prototype.leak = 1", "typeof [].leak"],
    [
      "Array.prototype.map = () => 'leak'; ",
      "typeof [1].map((x) => x) === 'object' ? 'undefined' : 'leak'",
    ],
    ["JSON.stringify = () => 'leak'", "JSON.stringify(1) === '1' ? 'undefined' : 'leak'"],
    [
      "Promise.prototype.then = function () { return 'leak' }",
      "typeof Promise.resolve().then().leak",
    ],
    ["arguments.callee.leak = 1", "typeof arguments.callee.leak"],
    [
      "Object.getOwnPropertyDescriptor(new Error(), 'stack').get.leak = 1",
      "typeof Object.getOwnPropertyDescriptor(new Error(), 'stack').get.leak",
    ],
    ["require('axios').leak = 1", "typeof require('axios').leak"],
    ["require('events').leak = 1", "typeof require('events').leak"],
    ["require('crypto').createHash.leak = 1", "typeof require('crypto').createHash.leak"],
    ["console.leak = 1", "typeof console.leak"],
    ["Buffer.prototype.leak = 1", "typeof Buffer.from('').leak"],
    [
      "setTimeout(() => {}, 1).constructor.leak = 1",
      "typeof setTimeout(() => {}, 1).constructor.leak",
    ],
    ["(async () => {}).__proto__.leak = 1", "typeof (async () => {}).leak"],
    ["[].values().__proto__.leak = 1", "typeof [].values().leak"],
    ["((x) => x)`a`.leak = 1", "typeof ((x) => x)`a`.leak"],
    ["Symbol.leak = 1", "typeof Symbol.leak"],
    ["'secret'.match(/s(.*)t/)", "typeof RegExp.$1"],
    [
      "setTimeout(() => { globalThis.leak = 1 }, 1)",
      "(await new Promise((r) => setTimeout(r, 20)), typeof leak)",
    ],
    ["Promise.resolve().then(() => { globalThis.leak = 1 })", "typeof leak"],
    ["queueMicrotask(() => queueMicrotask(() => { globalThis.leak = 1 }))", "typeof leak"],
    [
      "fetch('http://x').catch(() => { globalThis.leak = 1 })",
      "(await new Promise((r) => setTimeout(r, 20)), typeof leak)",
    ],
  ])("%s", async (first, second) => {
    const attempt = `try { ${first} } catch {}`;
    await run(attempt);
    await run(`${attempt}; return await 1`);
    expect(await run(`return ${second}`)).toBe("undefined");
  });

  test("and cannot watch its globals", async () => {
    const trap = "{ set() {}, get: () => 'trapped', configurable: false }";
    const attempt = `Object.defineProperty(globalThis, "$input", ${trap})`;
    await runner.run({ code: `try { ${attempt} } catch {}`, globals: {}, scope: "watch" });
    expect(
      await runner.run({ code: "return $input", globals: { $input: "mine" }, scope: "watch" }),
    ).toBe("mine");
  });

  test("everything that code can reach is frozen", async () => {
    const code = `
      const open = [];
      const seen = new Set([globalThis]);
      const queue = [];
      const reach = (value, path) => {
        if (value === null || (typeof value !== "object" && typeof value !== "function") || seen.has(value)) return;
        seen.add(value);
        queue.push([value, path]);
      };
      const inside = (object, path) => {
        reach(Object.getPrototypeOf(object), path + ".__proto__");
        for (const key of Reflect.ownKeys(object)) {
          const property = Reflect.getOwnPropertyDescriptor(object, key);
          for (const part of ["value", "get", "set"]) reach(property[part], path + "." + String(key));
        }
      };
      inside(globalThis, "global");
      for (const name of "assert buffer crypto events path querystring timers url zlib axios node-fetch util".split(" ")) reach(require(name), name);
      const response = await fetch("http://x").catch((error) => error);
      const timer = setTimeout(() => {}, 1e6);
      clearTimeout(timer);
      const made = [timer, response, Buffer.from("x"), new URL("http://h").searchParams.keys(), new Headers().entries(), new AbortController().signal,
        [].values(), [].values().map((x) => x), Iterator.from({ next() {} }), new Map().keys(), new Set().keys(), "".matchAll(/x/g), ""[Symbol.iterator](),
        new Intl.Segmenter().segment("")[Symbol.iterator](), new Intl.Segmenter().segment(""), (async () => {})(), new Error(), new Proxy({}, {}), /a/.exec("a"), new Date()];
      made.forEach((object, i) => { for (let o = object, n = 0; o; o = Object.getPrototypeOf(o), n++) if (n) reach(o, "made" + i); });
      for (const f of [function* () {}, async function* () {}, async () => {}]) for (let o = Object.getPrototypeOf(f); o; o = Object.getPrototypeOf(o)) reach(o, "function");
      for (let next = queue.pop(); next; next = queue.pop()) {
        inside(...next);
        if (!Object.isFrozen(next[0])) open.push(next[1]);
      }
      return { open, many: seen.size > 800 };`;
    expect(await run(code)).toEqual({ open: [], many: true });
  });
});

test("scopes share nothing", async () => {
  await run("globalThis.leak = 1; return 1", "flow:a");
  expect(await run("return typeof leak", "flow:b")).toBe("undefined");
  expect(await run("return typeof leak", "flow:a:2")).toBe("undefined");
});

test("runs at the same time in one scope do not see each other's values", async () => {
  const code =
    "const before = $input; await new Promise((r) => setTimeout(r, 10)); return before === $input && globalThis.$input === before";
  const runs = Array.from({ length: 30 }, (_, i) =>
    runner.run({ code, globals: { $input: i }, scope: "same" }),
  );
  expect((await Promise.all(runs)).every((same) => same === true)).toBe(true);
});
