import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, inject, test } from "vitest";
import type { CodeRunner } from "../code.ts";
import { openModuleRunner } from "./open-module-runner.ts";

const opened: CodeRunner[] = [];
afterAll(() => Promise.all(opened.map((runner) => runner.close())));

function openRunner(allowList: string[] = [], packages = ["pg"], builtins = ["fs", "net"]) {
  const runner = openModuleRunner({
    fetch: () => Promise.reject(new Error("no network here")),
    outbound: { securityCheck: true, denyList: [], allowList },
    packages,
    builtins,
  });
  opened.push(runner);
  return (code: string, globals: Record<string, unknown> = {}, timeoutMs = 10_000) =>
    runner.run({ code, globals, scope: "flow:1", timeoutMs });
}

const query = `
  const { Client } = require("pg");
  const client = new Client({ connectionString: $url });
  await client.connect();
  const { rows } = await client.query("select 6 * 7 as answer");
  return rows;`;
const run = openRunner();

describe("code that requires a named package", () => {
  test("uses it where the address policy lets it", async () => {
    const $url = inject("postgresUrl");
    expect(await openRunner(["127.0.0.1"])(query, { $url })).toEqual([{ answer: 42 }]);
  });

  test("is refused a denied address, by name or number, with the reason", async () => {
    const $url = inject("postgresUrl");
    await expect(run(query, { $url })).rejects.toThrow(
      /^NodeVM Execution Error: Error: Access to 127\.0\.0\.1 is denied.*HTTP_ALLOW_LIST/,
    );
    await expect(run(query, { $url: $url.replace("127.0.0.1", "localhost") })).rejects.toThrow(
      /Access to localhost is denied/,
    );
  });

  test("fetches and connects only where it may", async () => {
    const server = createServer((_, response) => response.end("tea")).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const code = (call: string) => `require("fs"); return await ${call}`;
    const fetched = code("(await fetch($url)).text()");
    const allowed = openRunner(["127.0.0.1"]);
    try {
      expect(await allowed(fetched, { $url: url })).toBe("tea");
      expect(await allowed(code("(await require('axios').get($url)).data"), { $url: url })).toBe(
        "tea",
      );
      await expect(run(fetched, { $url: url })).rejects.toThrow(/Access to 127\.0\.0\.1 is denied/);
      await expect(
        run("require('net').connect('/tmp/x.sock'); return new Promise(() => {})"),
      ).rejects.toThrow(/may not connect to local sockets/);
    } finally {
      server.close();
    }
  });

  test("names a package that is not installed and how to install it", async () => {
    const other = openRunner([], ["no-such-package-here"]);
    await expect(other("return require('no-such-package-here')")).rejects.toThrow(
      /Cannot find package 'no-such-package-here'.*npm install no-such-package-here/,
    );
  });

  test("may not require what is not named", async () => {
    await expect(run("require('pg'); return require('zod')")).rejects.toThrow(
      /Cannot find module 'zod'.*TOOL_FUNCTION_EXTERNAL_DEP/,
    );
    await expect(run("require('pg'); return require('os')")).rejects.toThrow(
      /Cannot find module 'os'.*TOOL_FUNCTION_BUILTIN_DEP/,
    );
  });
});

describe("the process of such code", () => {
  test.each([
    ["reads no other file", "return require('fs').readFileSync('/etc/passwd', 'utf8')"],
    ["writes none", "require('fs').writeFileSync('/tmp/code.txt', 'x')"],
    ["starts none", "require('fs'); process.getBuiltinModule('child_process').execSync('id')"],
    [
      "starts no worker",
      "require('fs'); new (process.getBuiltinModule('worker_threads').Worker)('1', { eval: true })",
    ],
  ])("%s", async (_, code) => {
    await expect(run(code)).rejects.toThrow(/restricted/);
  });

  test("has no environment", async () => {
    expect(await run("require('fs'); return process.env")).toEqual({});
  });

  test("is killed at its limit, however busy", async () => {
    await expect(run("require('fs'); for (;;);", {}, 500)).rejects.toThrow(
      "NodeVM Execution Error: Script execution timed out after 500ms",
    );
  });

  test("ends when it needs too much memory", async () => {
    const code =
      "require('fs'); const all = []; for (;;) all.push(new Array(1e5).fill(all.length))";
    await expect(run(code)).rejects.toThrow(/ran out of memory; it may use 256 MB/);
  });

  test("leaves nothing to the next run", async () => {
    await run("require('fs'); globalThis.leak = 1; setInterval(() => {}, 1)");
    expect(await run("require('fs'); return typeof leak")).toBe("undefined");
  });

  test("tells of an error nobody caught", async () => {
    const code =
      "require('fs'); setTimeout(() => { throw new Error('late') }, 1); return new Promise(() => {})";
    await expect(run(code)).rejects.toThrow("NodeVM Execution Error: Error: late");
  });

  test("gives globals and takes results as the isolate does", async () => {
    const code = "require('fs'); return [$vars.a, typeof $none, globalThis.$vars.a]";
    const globals = { $vars: { a: "b" }, $none: undefined };
    expect(await run(code, globals)).toEqual(["b", "undefined", "b"]);
    expect(await run(`require('fs'); return '{"a": 1}'`)).toEqual({ a: 1 });
    expect(await run("require('fs')")).toBeUndefined();
    await expect(run("require('fs'); return 'x'.repeat(1e7)")).rejects.toThrow(/at most 10000000/);
  });
});

test("other code stays in the isolate", async () => {
  expect(await run("return typeof process + typeof require('crypto').createHash")).toBe(
    "undefinedfunction",
  );
});
