import { expect, test } from "vitest";
import type { NodeRun } from "../../node.ts";
import { json, serve, toolRun } from "../../tools/tool-test-bench.ts";
import { http } from "./http.ts";

const echo = () =>
  serve(({ method, path, headers, body }, response) =>
    json(response, { method, path, headers, body }, path.startsWith("/missing") ? 404 : 200),
  );

async function callHttp(inputs: Record<string, unknown>, run: NodeRun = toolRun()) {
  const { output } = await http.execute(inputs, run);
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it at will
  return output.http as any;
}

test("a GET carries its headers and query, and no body", async () => {
  const { url } = await echo();
  const rows = (...pairs: [string, string][]) => pairs.map(([key, value]) => ({ key, value }));
  const { status, statusText, data } = await callHttp({
    method: "GET",
    url: `${url}/tea?a=1`,
    headers: rows(["X-Tea", "oolong"], ["X-Empty", ""]),
    queryParams: rows(["b", "2 3"], ["", "x"]),
    bodyType: "json",
    body: "{}",
  });
  expect([status, statusText]).toEqual([200, "OK"]);
  expect(data).toMatchObject({ method: "GET", path: "/tea?a=1&b=2+3", body: "" });
  expect(data.headers["x-tea"]).toBe("oolong");
  expect(data.headers).not.toHaveProperty("x-empty");
});

test.each([
  ["json", "{ a: 1 }", '{"a":1}', "application/json"],
  ["raw", "as it is", "as it is", "application/x-www-form-urlencoded"],
  [
    "xWwwFormUrlencoded",
    [{ key: "a", value: "1 2" }],
    "a=1+2",
    "application/x-www-form-urlencoded",
  ],
  ["xWwwFormUrlencoded", '{"a": "1"}', "a=1", "application/x-www-form-urlencoded"],
  ["formData", [{ key: "a", value: "1" }], 'name="a"', "multipart/form-data; boundary="],
])("a body as %s is sent in its form", async (bodyType, body, sent, type) => {
  const { url } = await echo();
  const { data } = await callHttp({ method: "POST", url, bodyType, body });
  expect(data.body).toContain(sent);
  expect(data.headers["content-type"]).toContain(type);
});

test.each([
  [{ basicAuthUsername: "ann", basicAuthPassword: "s" }, "authorization", `Basic ${btoa("ann:s")}`],
  [{ token: "t" }, "authorization", "Bearer t"],
  [{ key: "X-Api-Key", value: "k" }, "x-api-key", "k"],
])("a credential with %o becomes the header %s", async (fields, header, value) => {
  const { url } = await echo();
  const run = toolRun(
    { credential: async () => fields as Record<string, string> },
    { credentialId: "c" },
  );
  const { data } = await callHttp({ url }, run);
  expect(data.headers[header]).toBe(value);
});

test("an answer is read as its type says, and a 404 is a result", async () => {
  const { url } = await echo();
  expect((await callHttp({ url: `${url}/missing` })).status).toBe(404);
  expect(typeof (await callHttp({ url, responseType: "text" })).data).toBe("string");
  const base64 = (await callHttp({ url, responseType: "base64" })).data;
  expect(JSON.parse(atob(base64)).method).toBe("GET");
  expect((await callHttp({ url, responseType: "arraybuffer" })).data).toBeInstanceOf(Buffer);
});

test("an address that is denied, or a body that is no JSON, fails the node", async () => {
  await expect(callHttp({ url: "http://10.0.0.1/" })).rejects.toThrow(/10\.0\.0\.1 is denied/);
  const broken = { method: "POST", url: "http://127.0.0.1/", bodyType: "json", body: "{" };
  await expect(callHttp(broken)).rejects.toThrow("The body is not JSON");
});
