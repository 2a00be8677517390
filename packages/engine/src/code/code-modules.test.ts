import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGuardedFetch } from "../http/open-guarded-fetch.ts";
import { openCodeRunner } from "./open-code-runner.ts";

const fetch = openGuardedFetch({ securityCheck: false, denyList: [], allowList: [] });
const runner = openCodeRunner({ fetch });
let server: Server;
let base = "";

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url === "/bytes") return response.end(Buffer.from([0, 255, 128]));
    if (request.url === "/text") return response.end("plain tea");
    if (request.url === "/slow") return;
    response.statusCode = request.url?.startsWith("/missing") ? 404 : 200;
    response.setHeader("content-type", "application/json");
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await runner.close();
  fetch.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const run = (code: string) => runner.run({ code, globals: { $base: base }, scope: "flow:1" });

describe("fetch", () => {
  test("reads JSON, status and headers", async () => {
    const code = `
      const fetch = require("node-fetch");
      const r = await fetch($base + "/a?b=c", { method: "post", headers: { "X-Tea": "oolong" }, body: JSON.stringify({ n: 1 }) });
      const j = await r.json();
      return [r.status, r.ok, r.statusText, r.headers.get("Content-Type"), j.method, j.url, j.headers["x-tea"], j.body];`;
    const expected = [200, true, "OK", "application/json", "POST", "/a?b=c", "oolong", '{"n":1}'];
    expect(await run(code)).toEqual(expected);
  });

  test("takes forms, URLs and bytes, and gives bytes", async () => {
    const code = `
      const form = await (await fetch(new URL("/x", $base), { method: "PUT", body: new URLSearchParams({ a: "1 2" }) })).json();
      const bytes = new Uint8Array(await (await fetch($base + "/bytes")).arrayBuffer());
      const text = await (await fetch($base + "/text")).text();
      return [form.body, form.headers["content-type"], [...bytes], text];`;
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    expect(await run(code)).toEqual(["a=1+2", type, [0, 255, 128], "plain tea"]);
  });

  test("does not fail on a status, and fails on what is not JSON", async () => {
    expect(await run("const r = await fetch($base + '/missing'); return [r.ok, r.status]")).toEqual(
      [false, 404],
    );
    await expect(run("return (await fetch($base + '/text')).json()")).rejects.toThrow(
      /invalid json response body at/,
    );
  });

  test("rejects inside the code when there is no connection", async () => {
    expect(
      await run(
        "try { await fetch('http://127.0.0.1:1/') } catch (e) { return e instanceof Error }",
      ),
    ).toBe(true);
  });

  test("is aborted by the code", async () => {
    const code = `
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 20);
      try { await fetch($base + "/slow", { signal: stop.signal }) } catch (e) { return e.name }`;
    expect(await run(code)).toBe("AbortError");
  });

  test("goes through the guard", async () => {
    const guarded = openGuardedFetch({ securityCheck: true, denyList: [], allowList: [] });
    const strict = openCodeRunner({ fetch: guarded });
    const attempt = strict.run({
      code: "return (await fetch($base)).status",
      globals: { $base: base },
      scope: "s",
    });
    await expect(attempt).rejects.toThrow(/NodeVM Execution Error: Error: /);
    await strict.close();
    guarded.close();
  });
});

describe("axios", () => {
  test("is a function with a method for each verb", async () => {
    const code = `
      const axios = require("axios");
      const one = await axios({ url: "/a", baseURL: $base, params: { q: "x y", list: [1, 2], none: undefined }, headers: { A: "b" } });
      const two = await axios.post($base + "/b", { n: 1 }, { auth: { username: "u", password: "p" } });
      const three = await axios.delete($base + "/c");
      const four = await axios.create({ baseURL: $base + "/v1/" }).put("d", "text");
      return [one.data.url, one.data.headers.a, two.data.method, two.data.body, two.data.headers["content-type"],
        two.data.headers.authorization, three.data.method, four.data.url, four.data.body, one.status, one.headers["content-type"]];`;
    expect(await run(code)).toEqual([
      "/a?q=x+y&list%5B%5D=1&list%5B%5D=2",
      "b",
      "POST",
      '{"n":1}',
      "application/json",
      "Basic dTpw",
      "DELETE",
      "/v1/d",
      "text",
      200,
      "application/json",
    ]);
  });

  test("never fails on a status and leaves text as text", async () => {
    const code = `
      const axios = require("axios").default;
      const text = await axios.get($base + "/text");
      const bytes = await axios.get($base + "/bytes", { responseType: "arraybuffer" });
      return [(await axios.get($base + "/missing")).status, text.data, bytes.data.toString("hex")];`;
    expect(await run(code)).toEqual([404, "plain tea", "00ff80"]);
  });
});

describe("modules", () => {
  test.each([
    ["Buffer.from('héllo 🍵').toString('base64')", Buffer.from("héllo 🍵").toString("base64")],
    [
      "Buffer.from('aGk_', 'base64url').toString('hex')",
      Buffer.from("aGk_", "base64url").toString("hex"),
    ],
    [
      "Buffer.concat([Buffer.from('a'), Buffer.from('ff00', 'hex')]).toJSON()",
      { type: "Buffer", data: [97, 255, 0] },
    ],
    [
      "Buffer.from([0xf0, 0x9f, 0x41, 0xc3]).toString()",
      Buffer.from([0xf0, 0x9f, 0x41, 0xc3]).toString(),
    ],
    ["Buffer.alloc(4).writeUInt16BE(258, 1)", 3],
    ["require('buffer').Buffer.byteLength('é')", 2],
    ["atob(btoa('tea'))", "tea"],
    ["new TextDecoder().decode(new TextEncoder().encode('ünï'))", "ünï"],
    [
      "require('node:crypto').createHash('sha256').update('a').update('bc').digest('hex').slice(0, 8)",
      "ba7816bf",
    ],
    [
      "require('crypto').createHmac('sha1', 'key').update('x').digest('base64')",
      createHmac("sha1", "key").update("x").digest("base64"),
    ],
    ["require('crypto').randomBytes(8).length", 8],
    ["/^[0-9a-f-]{36}$/.test(require('crypto').randomUUID())", true],
    ["require('path').join('/a', '..', 'b.txt')", "/b.txt"],
    ["require('path').resolve('x')", "/x"],
    ["require('path').parse('/a/b.c').ext", ".c"],
    ["require('querystring').parse('a=1&a=2').a", ["1", "2"]],
    ["require('querystring').stringify({ a: 'b c' })", "a=b%20c"],
    ["new URL('../x?y=1#z', 'https://u:p@h:8080/a/b/').href", "https://u:p@h:8080/a/x?y=1#z"],
    [
      "(() => { const u = new URL('http://h/'); u.searchParams.set('a', 'b&c'); u.pathname = '/p'; return String(u) })()",
      "http://h/p?a=b%26c",
    ],
    [
      "[...new URLSearchParams('a=1&b=%20+')]",
      [
        ["a", "1"],
        ["b", "  "],
      ],
    ],
    ["require('url').parse('http://h:1/p?q').port", "1"],
    [
      "(() => { const E = require('events'); const e = new E(); let n = 0; e.once('x', (v) => n += v); e.emit('x', 2); e.emit('x', 2); return n })()",
      2,
    ],
    ["require('zlib').gunzipSync(require('zlib').gzipSync('tea')).toString()", "tea"],
    [
      "await new Promise((resolve) => require('zlib').deflate('tea', (e, b) => resolve(require('zlib').inflateSync(b).toString())))",
      "tea",
    ],
    ["await require('timers').promises.setTimeout(1, 'x')", "x"],
    ["require('assert').deepStrictEqual({ a: [1] }, { a: [1] })", undefined],
  ])("%s", async (code, expected) => {
    expect(await run(`return ${code}`)).toEqual(expected);
  });

  test.each([
    ["require('fs')", /Cannot find module 'fs'.*TOOL_FUNCTION_BUILTIN_DEP/],
    ["require('lodash')", /Cannot find module 'lodash'.*TOOL_FUNCTION_EXTERNAL_DEP/],
    ["require('constructor')", /Cannot find module 'constructor'/],
    [
      "require('crypto').createCipheriv('aes', '', '')",
      /crypto\.createCipheriv does not exist.*TOOL_FUNCTION_BUILTIN_DEP/,
    ],
    ["require('assert').strictEqual(1, 2)", /AssertionError: 1 is not 2/],
    ["new URL('nope')", /TypeError: Invalid URL/],
    ["require('crypto').createHash('nope')", /Digest method not supported/],
  ])("%s says what is wrong", async (code, message) => {
    await expect(run(`return ${code}`)).rejects.toThrow(message);
  });
});
