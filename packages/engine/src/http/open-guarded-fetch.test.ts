import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { asWebFetch } from "./as-web-fetch.ts";
import { openGuardedFetch } from "./open-guarded-fetch.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server: Server = createServer(handle);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

function open(setting: Partial<Parameters<typeof openGuardedFetch>[0]> = {}) {
  const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: [], ...setting });
  closers.push(() => fetch.close());
  return fetch;
}

test.each([
  ["http://127.0.0.1/"],
  ["http://localhost/"],
  ["http://LOCALHOST./"],
  ["http://2130706433/"],
  ["http://0x7f.1/"],
  ["http://10.1.2.3/"],
  ["http://169.254.169.254/latest/meta-data"],
  ["http://[::1]/"],
  ["http://[::ffff:127.0.0.1]/"],
  ["http://[::ffff:a9fe:a9fe]/"],
  ["http://[64:ff9b::7f00:1]/"],
  ["http://[fe80::1]/"],
  ["http://0.0.0.0/"],
])("%s is refused by default", async (url) => {
  await expect(open()(url)).rejects.toMatchObject({ code: "denied" });
});

test("a host is refused if only one of its addresses is denied, and the error names host and remedy", async () => {
  const resolve = async () => [
    { address: "93.184.216.34", family: 4 },
    { address: "10.0.0.1", family: 4 },
  ];
  const error: unknown = await open({ resolve })("http://mixed.example/").catch((e) => e);
  expect(String(error)).toMatch(/mixed\.example.*HTTP_ALLOW_LIST/);
  expect(String(error)).not.toContain("10.0.0.1");
});

test("the socket connects to the address that was checked, also when the name changes its mind", async () => {
  const { port } = await serve((request, response) => response.end(request.headers.host));
  let calls = 0;
  const resolve = async () => [{ address: calls++ === 0 ? "127.0.0.1" : "10.9.9.9", family: 4 }];
  const fetch = open({ resolve, allowList: ["127.0.0.1"] });
  const response = await fetch(`http://rebind.example:${port}/`);
  expect(await response.text()).toBe(`rebind.example:${port}`);
  expect(calls).toBe(1);
});

test("the deny list holds without the built-in ranges and wins over the allow list", async () => {
  const { port } = await serve((_, response) => response.end("in"));
  const unchecked = { securityCheck: false };
  expect(await (await open(unchecked)(`http://127.0.0.1:${port}/`)).text()).toBe("in");
  for (const entry of ["127.0.0.1", "127.0.0.0/8", "*.internal", "db.internal"]) {
    const url = entry.includes("internal") ? "http://db.internal/" : `http://127.0.0.1:${port}/`;
    const fetch = open({ ...unchecked, denyList: [entry], allowList: [entry] });
    await expect(fetch(url)).rejects.toMatchObject({ code: "denied" });
  }
});

test("an allowed host name may resolve to a private address", async () => {
  const { port } = await serve((_, response) => response.end("ollama"));
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const fetch = open({ resolve, allowList: ["ollama.example"] });
  expect(await (await fetch(`http://ollama.example:${port}/`)).text()).toBe("ollama");
  await expect(fetch(`http://other.example:${port}/`)).rejects.toMatchObject({ code: "denied" });
});

test("a redirect to a private address is refused", async () => {
  const { port } = await serve((_, response) => {
    response.writeHead(302, { location: "http://169.254.169.254/latest/" }).end();
  });
  const fetch = open({ allowList: ["127.0.0.1"] });
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: "denied" });
});

test("a redirected POST becomes GET without body for 302 and stays POST for 307", async () => {
  const { port } = await serve((request, response) => {
    const status = Number(request.url?.slice(1));
    if (status) return response.writeHead(status, { location: "/end" }).end();
    request.setEncoding("utf8");
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => response.end(`${request.method} ${body}`));
  });
  const fetch = open({ securityCheck: false });
  const post = { method: "POST", body: "data", headers: { "content-type": "text/plain" } };
  for (const [status, expected] of [
    [301, "GET "],
    [302, "GET "],
    [303, "GET "],
    [307, "POST data"],
    [308, "POST data"],
  ])
    expect(await (await fetch(`http://127.0.0.1:${port}/${status}`, post)).text()).toBe(expected);
});

test("credentials do not follow a redirect to another origin", async () => {
  const other = await serve((request, response) =>
    response.end(
      JSON.stringify(
        ["authorization", "x-chroma-token", "ocp-apim-subscription-key", "x-plain"].map(
          (name) => request.headers[name],
        ),
      ),
    ),
  );
  const { port } = await serve((_, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${other.port}/` }).end();
  });
  const headers = {
    Authorization: "Bearer secret",
    "X-Chroma-Token": "secret",
    "Ocp-Apim-Subscription-Key": "secret",
    "x-plain": "1",
  };
  const response = await open({ securityCheck: false })(`http://127.0.0.1:${port}/`, { headers });
  expect(await response.json()).toEqual([null, null, null, "1"]);
});

test("more than five redirects are an error, with none allowed the redirect is the answer", async () => {
  const { port } = await serve((_, response) => {
    response.writeHead(302, { location: "/again" }).end();
  });
  const fetch = open({ securityCheck: false });
  const url = `http://127.0.0.1:${port}/`;
  await expect(fetch(url)).rejects.toMatchObject({ code: "too_many_redirects" });
  expect((await fetch(url, { maxRedirects: 0 })).status).toBe(302);
});

test("an abort rejects with its reason and closes the socket at once, before and after the head", async () => {
  let closed = 0;
  const { port } = await serve((request, response) => {
    response.on("close", () => closed++);
    if (request.url === "/body") response.write("some");
  });
  const fetch = open({ securityCheck: false });
  const reason = new Error("canceled by the user");
  const early = new AbortController();
  const pending = fetch(`http://127.0.0.1:${port}/head`, { signal: early.signal });
  setTimeout(() => early.abort(reason), 30);
  await expect(pending).rejects.toBe(reason);
  const late = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}/body`, { signal: late.signal });
  setTimeout(() => late.abort(reason), 30);
  await expect(response.text()).rejects.toBe(reason);
  await expect.poll(() => closed).toBe(2);
});

test("too many bytes, silence and a cut connection are errors of their own", async () => {
  const { port } = await serve((request, response) => {
    if (request.url === "/big") response.end(gzipSync(Buffer.alloc(200_000)));
    if (request.url === "/zip")
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(200_000)));
    if (request.url === "/cut") {
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    }
  });
  const fetch = open({ securityCheck: false });
  const at = (path: string) => `http://127.0.0.1:${port}${path}`;
  const zipped = await fetch(at("/zip"), { maxBytes: 10_000 });
  await expect(zipped.bytes()).rejects.toMatchObject({ code: "too_large" });
  expect((await (await fetch(at("/zip"))).bytes()).length).toBe(200_000);
  await expect(fetch(at("/silent"), { timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
  await expect((await fetch(at("/cut"))).text()).rejects.toMatchObject({ code: "connection" });
});

test("connections are kept and used again", async () => {
  const { server, port } = await serve((_, response) => response.end("x"));
  let connections = 0;
  server.on("connection", () => connections++);
  const fetch = open({ securityCheck: false });
  for (let i = 0; i < 5; i++) await (await fetch(`http://127.0.0.1:${port}/`)).text();
  expect(connections).toBe(1);
});

test("a web fetch over the guard sends, reads and refuses", async () => {
  const { port } = await serve((request, response) => {
    request.setEncoding("utf8");
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () =>
      response
        .writeHead(201, { "content-encoding": "gzip" })
        .end(gzipSync(`${request.method} ${body}`)),
    );
  });
  const fetch = asWebFetch(open({ allowList: ["127.0.0.1"] }));
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: '{"a":1}' });
  expect([response.status, await response.text()]).toEqual([201, 'POST {"a":1}']);
  await expect(fetch("http://10.0.0.1/")).rejects.toMatchObject({ code: "denied" });
});
