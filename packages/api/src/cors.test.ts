import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { originAllowed } from "./admit.ts";
import { cors } from "./cors.ts";
import type { Deps } from "./deps.ts";

const flowId = "11111111-1111-4111-8111-111111111111";
const openFlowId = "22222222-2222-4222-8222-222222222222";

function appWith(corsOrigins: string[], corsCredentials = false) {
  const flow = (allowed: string[]) => ({ origins: { allowed, message: "" } });
  const flows = new Map([
    [flowId, flow(["https://good.example"])],
    [openFlowId, flow([])],
  ]);
  const deps = {
    flows: { get: async (id: string) => flows.get(id) },
    settings: { corsOrigins, corsCredentials },
  } as unknown as Pick<Deps, "db" | "flows" | "settings">;
  const app = new Hono();
  app.use(cors(deps));
  app.all("*", (c) => c.text("ran"));
  return async (path: string, origin: string | undefined, method = "POST") => {
    const headers = origin === undefined ? {} : { origin };
    const response = await app.request(`/api/v1${path}`, { method, headers });
    return {
      status: response.status,
      allowed: response.headers.get("access-control-allow-origin"),
      credentials: response.headers.get("access-control-allow-credentials"),
      methods: response.headers.get("access-control-allow-methods"),
      text: await response.text(),
    };
  };
}
const good = "https://good.example";
const evil = "https://evil.example";

describe("without CORS_ORIGINS", () => {
  const ask = appWith([]);
  test.each([
    ["a flow's own origin", `/prediction/${flowId}`, good, good],
    ["another origin", `/prediction/${flowId}`, evil, null],
    ["any origin of an open flow", `/prediction/${openFlowId}`, evil, evil],
    ["a flow's chat window", `/public-chatbotConfig/${flowId}`, good, good],
    ["an unknown flow", "/prediction/33333333-3333-4333-8333-333333333333", evil, null],
    ["no uuid", "/prediction/x", evil, null],
    ["the null origin", `/prediction/${openFlowId}`, "null", null],
    ["no origin", `/prediction/${flowId}`, undefined, null],
    ["a path that names no flow", "/chatflows", good, null],
    ["a file of a chat", `/get-upload-file?chatflowId=${flowId}`, good, good],
    ["a file of a chat, elsewhere", `/get-upload-file?chatflowId=${flowId}`, evil, null],
    ["files for a chat", `/attachments/${flowId}/chat`, good, good],
    ["documents for a chat", `/vector/upsert/${flowId}`, good, good],
  ])("%s", async (_, path, origin, expected) => {
    const reply = await ask(path, origin);
    expect(reply.allowed).toBe(expected);
    // A refused origin only loses the headers.
    expect([reply.status, reply.text]).toEqual([200, "ran"]);
  });
});

test("CORS_ORIGINS opens all paths to those named, and * to all", async () => {
  const named = appWith([good], true);
  expect(await named("/chatflows", good)).toMatchObject({ allowed: good, credentials: "true" });
  expect(await named("/chatflows", evil)).toMatchObject({ allowed: null, credentials: null });
  const all = appWith(["*"], true);
  expect(await all("/chatflows", evil)).toMatchObject({ allowed: "*", credentials: null });
});

test("a preflight is answered before anything runs", async () => {
  const ask = appWith([]);
  const allowed = await ask(`/prediction/${flowId}`, good, "OPTIONS");
  expect(allowed).toMatchObject({ status: 204, text: "", allowed: good });
  expect(allowed.methods).toContain("POST");
  const refused = await ask(`/prediction/${flowId}`, evil, "OPTIONS");
  expect(refused).toMatchObject({ status: 204, allowed: null, methods: null });
});

test.each([
  ["https://a.example", ["https://a.example"], true],
  ["http://a.example", ["https://a.example"], true],
  ["https://a.example:8443", ["https://a.example"], false],
  ["https://a.example:8443", ["a.example:8443"], true],
  ["https://sub.a.example", ["https://a.example"], false],
  ["https://a.example.evil", ["https://a.example"], false],
  ["https://A.example", ["https://a.example/path"], true],
  ["nonsense", ["nonsense"], true],
  ["", ["https://a.example"], false],
])("%s among %j: %s", (origin, allowed, expected) => {
  expect(originAllowed(origin, allowed)).toBe(expected);
});

test("a lead is judged by the flow in its body, and read once more behind", async () => {
  const flow = { origins: { allowed: [good], message: "" } };
  const deps = {
    flows: { get: async (id: string) => (id === flowId ? flow : undefined) },
    settings: { corsOrigins: [], corsCredentials: false },
  } as unknown as Pick<Deps, "db" | "flows" | "settings">;
  const app = new Hono();
  app.use(cors(deps));
  app.post("*", async (c) => c.text((await c.req.json()).email));
  const lead = async (origin: string) => {
    const body = JSON.stringify({ chatflowid: flowId, email: "a@b.example" });
    const length = { "content-length": String(body.length) };
    const init = { method: "POST", headers: { origin, ...length }, body };
    const response = await app.request("/api/v1/leads/", init);
    return [response.headers.get("access-control-allow-origin"), await response.text()];
  };
  expect(await lead(good)).toEqual([good, "a@b.example"]);
  expect(await lead(evil)).toEqual([null, "a@b.example"]);
  const preflight = await app.request("/api/v1/leads/", {
    method: "OPTIONS",
    headers: { origin: good, "access-control-request-method": "POST" },
  });
  expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
});
