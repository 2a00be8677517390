import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { requestText } from "./tool-request.ts";
import { callTool, json, serve, toolRun, toolsAt } from "./tool-test-bench.ts";

const echo = () =>
  serve(({ method, path, headers, body }, response) =>
    json(response, {
      method,
      path,
      mine: headers["x-mine"],
      ...(body && { body: JSON.parse(body) }),
    }),
  );

test("a GET tool puts values into path and query and drops unknown ones", async () => {
  const { url } = await echo();
  const config = {
    requestsGetUrl: `<p>${url}/items?a=1</p>`,
    requestsGetHeaders: '{ "X-Mine": "yes" }',
    requestsGetQueryParamsSchema: '{ id: { in: "path", required: true }, limit: { in: "query" } }',
  };
  const context = toolRun();
  const [tool] = await toolsAt(context, "requestsGet", config);
  expect(tool).toMatchObject({
    name: "requests_get",
    schema: { properties: { queryParams: { required: ["id"] } } },
  });
  const { text } = await tool!.call({ queryParams: { id: "a/b", limit: 2, x: 1 } }, context);
  expect(JSON.parse(text)).toEqual({
    method: "GET",
    path: "/items/a%2Fb?a=1&limit=2",
    mine: "yes",
  });
});

test("a GET tool without a schema takes any query parameter and cuts the answer", async () => {
  const { url, requests } = await echo();
  const config = { requestsGetUrl: url, requestsGetMaxOutputLength: "5" };
  const { text } = await callTool(toolRun(), "requestsGet", config, { queryParams: { q: "tea" } });
  expect(text).toBe('{"met');
  expect(requests[0]!.path).toBe("/?q=tea");
});

test("a DELETE tool fills the place in the path", async () => {
  const { url } = await echo();
  const config = {
    requestsDeleteUrl: `${url}/items/:id/now`,
    requestsDeleteQueryParamsSchema: { id: { in: "path" } },
  };
  const { text } = await callTool(toolRun(), "requestsDelete", config, {
    queryParams: { id: "$&" },
  });
  expect(JSON.parse(text)).toMatchObject({ method: "DELETE", path: "/items/%24%26/now" });
});

test.each(["Post", "Put"])(
  "a %s tool sends the model's body over the configured one",
  async (kind) => {
    const { url } = await echo();
    const config = {
      [`requests${kind}Url`]: url,
      requestPostBody: '{ "fixed": 1, "name": "x" }',
      [`requests${kind}BodySchema`]: '{ "name": { "type": "string", "required": true } }',
    };
    const args = { body: { name: "cup", other: 1 } };
    const { text } = await callTool(toolRun(), `requests${kind}`, config, args);
    expect(JSON.parse(text).body).toEqual({ fixed: 1, name: "cup" });
    const { text: plain } = await callTool(
      toolRun(),
      `requests${kind}`,
      { ...config, [`requests${kind}BodySchema`]: "" },
      args,
    );
    expect(JSON.parse(plain).body).toEqual({ fixed: 1, name: "x" });
  },
);

test("an answer that is not 2xx fails the tool and names the status", async () => {
  const { url } = await serve((_, response) => json(response, {}, 404));
  const failing = callTool(toolRun(), "requestsGet", { requestsGetUrl: url }, {});
  await expect(failing).rejects.toThrow("Failed to make GET request: HTTP Error 404: Not Found");
});

test("an answer that is too large is refused with a clear word", async () => {
  const { url } = await serve((_, response) => response.end(Buffer.alloc(10_000_001)));
  const failing = callTool(toolRun(), "requestsGet", { requestsGetUrl: url }, {});
  await expect(failing).rejects.toThrow("sent more than 10000000 bytes");
});

test("each row's config is resolved by its own component", async () => {
  const { url } = await echo();
  const resolve = async (value: unknown) => String(value).replace("{{base}}", url);
  const config = { requestsPostUrl: "{{base}}/x", requestsPostName: "{{base}}" };
  const [tool] = await toolsAt(toolRun({}, { resolve }), "requestsPost", config);
  expect(tool!.name).toBe("{{base}}");
  expect((await tool!.call({}, toolRun())).text).toContain('"/x"');
});

test.each([
  ["says nothing", () => {}],
  ["never comes to an end", (response: ServerResponse) => void response.writeHead(200).write("a")],
])("a server that %s is given up in time, by name", async (_, answer) => {
  const { url } = await serve((_request, response) => answer(response));
  const asked = requestText(url, { timeoutMs: 100 }, toolRun());
  await expect(asked).rejects.toThrow(`${new URL(url).host} did not answer within 100 ms`);
});
