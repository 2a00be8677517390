import { execFileSync, spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CodeRunner } from "../code.ts";
import { openGuardedFetch } from "../http/open-guarded-fetch.ts";
import { type CodeRunnerOptions, openCodeRunner } from "./open-code-runner.ts";

const fetch = openGuardedFetch({ securityCheck: false, denyList: [], allowList: [] });
let server: Server;
let base = "";
let hits = 0;
let cuts = 0;
const open: CodeRunner[] = [];

function openRunner(options: Partial<CodeRunnerOptions> = {}): CodeRunner {
  const runner = openCodeRunner({ fetch, ...options });
  open.push(runner);
  return runner;
}

/** The processes that this test's runners started. */
function children(of = process.pid): number[] {
  const list = execFileSync("ps", ["-eo", "pid=,ppid=,stat=,args="], { encoding: "utf8" });
  return list
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, parent, state, ...args]) =>
        Number(parent) === of && !state?.startsWith("Z") && args.join(" ").includes("child.ts"),
    )
    .map(([pid]) => Number(pid));
}

function isAlive(pid: number): boolean {
  const list = execFileSync("ps", ["-eo", "pid=,stat="], { encoding: "utf8" });
  return list.split("\n").some((line) => new RegExp(`^\\s*${pid}\\s+[^Z]`).test(line));
}

async function eventually(check: () => boolean, withinMs = 5_000): Promise<void> {
  for (const end = Date.now() + withinMs; !check(); ) {
    if (Date.now() > end) throw new Error("It did not come true in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

beforeAll(async () => {
  server = createServer((request, response) => {
    hits++;
    if (request.url !== "/slow") response.end("ok");
    else response.once("close", () => cuts++);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const runner of open.splice(0)) await runner.close();
});
afterAll(async () => {
  fetch.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const run = (
  runner: CodeRunner,
  code: string,
  more: {
    scope?: string;
    timeoutMs?: number;
    signal?: AbortSignal;
    globals?: Record<string, unknown>;
  } = {},
) => runner.run({ code, globals: {}, scope: "flow:1", ...more });

describe("the time limit", () => {
  test.each([
    ["a busy loop", "for (;;) {}"],
    ["a busy loop after an await", "await new Promise((r) => setTimeout(r, 5)); for (;;) {}"],
    ["an endless chain of awaits", "for (;;) await null"],
    ["a promise that never settles", "await new Promise(() => {})"],
    ["an interval that never ends", "setInterval(() => {}, 1); await new Promise(() => {})"],
    ["a slow pattern", "return /^(a+)+$/.test('a'.repeat(40) + 'b')"],
    ["a loop in what is returned", "return { toJSON() { for (;;) {} } }"],
    ["a loop in the text of an error", "throw { toString() { for (;;) {} } }"],
  ])("ends %s", async (_, code) => {
    const runner = openRunner();
    const other = run(runner, "await new Promise((r) => setTimeout(r, 600)); return 'fine'", {
      scope: "other",
    });
    const started = Date.now();
    await expect(run(runner, code, { timeoutMs: 300 })).rejects.toThrow(
      "NodeVM Execution Error: Script execution timed out after 300ms",
    );
    expect(Date.now() - started).toBeLessThan(3_000);
    expect(await run(runner, "return 1")).toBe(1);
    expect(await other).toBe("fine");
  });

  test("also ends what waits in the queue", async () => {
    const runner = openRunner({ maxRunsPerProcess: 1, maxProcesses: 1 });
    const long = run(runner, "await new Promise((r) => setTimeout(r, 400)); return 1");
    await expect(run(runner, "return 2", { timeoutMs: 100 })).rejects.toThrow(
      "timed out after 100ms",
    );
    expect(await long).toBe(1);
  });
});

describe("code that keeps computing", () => {
  test("does not hold up other flows, even when there is more of it than threads", async () => {
    const runner = openRunner({ maxProcesses: 3 });
    const loops = Array.from({ length: 5 }, (_, i) =>
      run(runner, "for (;;) {}", { scope: `loop:${i}`, timeoutMs: 4_000 }).catch(
        (error: Error) => error.message,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    const started = Date.now();
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        run(runner, "return $input", { scope: `quick:${i}`, globals: { $input: i } }),
      ),
    );
    expect(answers).toEqual([0, 1, 2, 3, 4]);
    expect(Date.now() - started).toBeLessThan(3_500);
    for (const message of await Promise.all(loops))
      expect(message).toContain("timed out after 4000ms");
    expect(await run(runner, "return 1")).toBe(1);
  }, 20_000);
});

describe("code that takes too much memory", () => {
  test.each([
    ["arrays", "const a = []; for (;;) a.push(new Array(1000).fill(1))"],
    ["objects", "const a = []; for (;;) a.push({ a: { b: 1 } })"],
    ["texts", "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)"],
    ["a big array", "return new Array(5e8).fill(1).length"],
    ["a map", "const m = new Map(); for (let i = 0; ; i++) m.set(i, 'k' + i)"],
    [
      "a map after an await",
      "await new Promise((r) => setTimeout(r, 5)); const m = new Map(); for (let i = 0; ; i++) m.set(i, 'k' + i)",
    ],
  ])(
    "in %s fails and the others go on",
    async (_, code) => {
      const runner = openRunner({ memoryLimitMb: 64 });
      const other = run(runner, "await new Promise((r) => setTimeout(r, 1_000)); return 'fine'", {
        scope: "other",
      });
      await expect(run(runner, code)).rejects.toThrow(
        /NodeVM Execution Error: .*(memory|ended unexpectedly)/,
      );
      expect(await run(runner, "return 1")).toBe(1);
      expect(await other).toBe("fine");
    },
    20_000,
  );

  test("in typed arrays gets an error of its own", async () => {
    const runner = openRunner({ memoryLimitMb: 64 });
    const code =
      "const a = []; try { for (;;) a.push(new Uint8Array(1e7).fill(1)) } catch (e) { return e.name }";
    expect(await run(runner, code)).toBe("RangeError");
  });
});

describe("abort", () => {
  test.each([
    ["waiting", "await new Promise(() => {})"],
    ["computing", "for (;;) {}"],
  ])("of code that is %s rejects at once with the signal's reason", async (_, code) => {
    const runner = openRunner();
    const stop = new AbortController();
    const work = run(runner, code, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 200);
    const started = Date.now();
    await expect(work).rejects.toThrow("enough");
    expect(Date.now() - started).toBeLessThan(2_000);
    expect(await run(runner, "return 1")).toBe(1);
  });

  test("ends the requests of the code", async () => {
    const runner = openRunner();
    const stop = new AbortController();
    const before = hits;
    const work = run(runner, "await fetch($base + '/slow'); return 1", {
      signal: stop.signal,
      globals: { $base: base },
    });
    await eventually(() => hits > before);
    stop.abort(new Error("enough"));
    await expect(work).rejects.toThrow("enough");
    await eventually(() => cuts === 1);
  });

  test("before the start never starts", async () => {
    const runner = openRunner();
    await expect(
      run(runner, "return 1", { signal: AbortSignal.abort(new Error("early")) }),
    ).rejects.toThrow("early");
    expect(children()).toEqual([]);
  });
});

describe("a child that dies", () => {
  test("has its runs begun anew", async () => {
    const runner = openRunner();
    const work = run(runner, "await new Promise((r) => setTimeout(r, 300)); return 'again'");
    await new Promise((resolve) => setTimeout(resolve, 250));
    const [pid] = children();
    process.kill(pid!, "SIGKILL");
    expect(await work).toBe("again");
    expect(await run(runner, "return 1")).toBe(1);
  });

  test("fails those that had reached the outside", async () => {
    const runner = openRunner();
    const before = hits;
    const work = run(runner, "await fetch($base); await new Promise(() => {})", {
      globals: { $base: base },
    });
    const failure = expect(work).rejects.toThrow(
      /NodeVM Execution Error: .*not tried again, as it had made requests/,
    );
    await eventually(() => hits > before);
    process.kill(children()[0]!, "SIGKILL");
    await failure;
    expect(hits).toBe(before + 1);
    expect(await run(runner, "return 1")).toBe(1);
  });

  test("twice under one run ends that run", async () => {
    const runner = openRunner();
    const work = run(runner, "await new Promise(() => {})");
    const failure = expect(work).rejects.toThrow(/NodeVM Execution Error: .*ended unexpectedly/);
    for (let i = 0, last = 0; i < 2; i++) {
      await eventually(() => children().some((pid) => pid !== last));
      last = children()[0]!;
      process.kill(last, "SIGKILL");
    }
    await failure;
  });

  test("is noticed when it falls silent", async () => {
    const runner = openRunner();
    await run(runner, "return 1");
    process.kill(children()[0]!, "SIGSTOP");
    expect(await run(runner, "return 2")).toBe(2);
  });

  test("that cannot even start is an error", async () => {
    const runner = openRunner({ childFile: new URL("./no-such-child.ts", import.meta.url) });
    await expect(run(runner, "return 1")).rejects.toThrow(/ended unexpectedly/);
  });
});

describe("bounds", () => {
  test("a full queue refuses", async () => {
    const runner = openRunner({ maxRunsPerProcess: 1, maxProcesses: 1, maxWaiting: 1 });
    const first = run(runner, "return 1");
    const second = run(runner, "return 2");
    await expect(run(runner, "return 3")).rejects.toThrow("Too many code runs are waiting");
    expect(await Promise.all([first, second])).toEqual([1, 2]);
  });

  test("too many timers are refused", async () => {
    const code = "for (let i = 0; i < 2000; i++) setTimeout(() => {}, 1e6)";
    await expect(run(openRunner(), code)).rejects.toThrow(/More than 1000 timers and requests/);
  });

  test("scopes and codes beyond the limits are forgotten, not refused", async () => {
    const runner = openRunner({ maxScopes: 2 });
    for (let i = 0; i < 8; i++)
      expect(await run(runner, `return ${i}`, { scope: `s${i}` })).toBe(i);
    for (let i = 0; i < 600; i++) expect(await run(runner, `return ${i}`)).toBe(i);
    expect(await run(runner, "return 0")).toBe(0);
  });

  test("more runs than one isolate takes go to further ones", async () => {
    const runner = openRunner();
    const code = "await new Promise((r) => setTimeout(r, 300)); return 1";
    const runs = Array.from({ length: 150 }, () => run(runner, code));
    expect((await Promise.all(runs)).length).toBe(150);
  });
});

describe("no child is left over", () => {
  test("after close, which fails what runs", async () => {
    const runner = openRunner();
    const failure = expect(run(runner, "for (;;) {}")).rejects.toThrow("The code runner is closed");
    await eventually(() => children().length === 1);
    const [pid] = children();
    await runner.close();
    await failure;
    expect(isAlive(pid!)).toBe(false);
    await expect(run(runner, "return 1")).rejects.toThrow("The code runner is closed");
  });

  test("after the parent was killed", async () => {
    const module = fileURLToPath(new URL("./open-code-runner.ts", import.meta.url));
    const script = `
      const { openCodeRunner } = await import(${JSON.stringify(module)});
      const runner = openCodeRunner({ fetch: async () => { throw new Error("no") } });
      await runner.run({ code: "return 1", globals: {}, scope: "s" });
      runner.run({ code: "for (;;) {}", globals: {}, scope: "s" });
      console.log("running");`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => parent.stdout.once("data", resolve));
    await eventually(() => children(parent.pid).length === 1);
    const [pid] = children(parent.pid);
    parent.kill("SIGKILL");
    await eventually(() => !isAlive(pid!));
  });

  test("and an idle runner does not keep its process", async () => {
    const module = fileURLToPath(new URL("./open-code-runner.ts", import.meta.url));
    const script = `
      const { openCodeRunner } = await import(${JSON.stringify(module)});
      const runner = openCodeRunner({ fetch: async () => { throw new Error("no") } });
      console.log(await runner.run({ code: "return 1", globals: {}, scope: "s" }));`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 10_000,
    });
    expect(out.trim()).toBe("1");
  });
});
