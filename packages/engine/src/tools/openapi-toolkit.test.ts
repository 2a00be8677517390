import { expect, test } from "vitest";
import { json, serve, toolRun, toolsAt } from "./tool-test-bench.ts";

const documentAt = (server: string) => `
openapi: 3.0.0
servers: [{ url: "${server}/v1" }]
paths:
  /pets/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get:
      operationId: get.pet
      summary: Finds a pet
      parameters: [{ name: tags, in: query, schema: { type: array, items: { type: string } } }]
    put:
      operationId: savePet
      description: Saves a pet
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } }
    patch: { summary: has no id }
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: { type: string, example: Rex }
        parent: { $ref: "#/components/schemas/Pet" }
`;
const asFile = (text: string) =>
  `data:application/x-yaml;base64,${Buffer.from(text).toString("base64")},filename:pets.yaml`;
const echo = () =>
  serve(({ method, path, headers, body }, response) =>
    json(response, {
      method,
      path,
      key: headers["x-key"],
      ...(body && { body: JSON.parse(body) }),
    }),
  );

test("each operation of a document becomes a tool", async () => {
  const { url } = await echo();
  const config = { openApiFile: asFile(documentAt(url)), headers: '{"X-Key": "k"}' };
  const context = toolRun();
  const tools = await toolsAt(context, "openAPIToolkit", config);
  expect(tools.map(({ name, description }) => ({ name, description }))).toEqual([
    { name: "get_pet", description: "Finds a pet" },
    { name: "savePet", description: "Saves a pet" },
  ]);
  expect(tools[0]!.schema).toEqual({
    type: "object",
    properties: {
      PathParameters: {
        type: "object",
        properties: { id: { type: "integer" } },
        required: ["id"],
      },
      QueryParameters: {
        type: "object",
        properties: { tags: { type: "array", items: { type: "string" } } },
      },
    },
    required: ["PathParameters"],
  });
  const args = { PathParameters: { id: 7 }, QueryParameters: { tags: ["a", "b"] } };
  const { text } = await tools[0]!.call(args, context);
  expect(JSON.parse(text)).toEqual({ method: "GET", path: "/v1/pets/7?tags=a&tags=b", key: "k" });
});

test("custom code makes the request with $url and $options, without nulls", async () => {
  const { url } = await echo();
  const config = {
    openApiFile: asFile(documentAt(url)),
    selectedEndpoints: '["savePet"]',
    removeNulls: true,
    customCode: `const fetch = require('node-fetch');
      const response = await fetch($url, $options);
      return { got: await response.json(), name: $RequestBody.name };`,
  };
  const context = toolRun();
  const [save, more] = await toolsAt(context, "openAPIToolkit", config);
  expect(more).toBeUndefined();
  const args = { PathParameters: { id: 1 }, RequestBody: { name: "Rex", parent: null } };
  const { text } = await save!.call(args, context);
  expect(JSON.parse(text)).toMatchObject({
    got: { method: "PUT", path: "/v1/pets/1", body: { name: "Rex" } },
    name: "Rex",
  });
});

test("a document is taken from a link", async () => {
  const { url } = await serve((_, response) => response.end(documentAt("http://x")));
  const config = { inputType: "link", openApiLink: url };
  expect(await toolsAt(toolRun(), "openAPIToolkit", config)).toHaveLength(2);
});

test("a document is taken from a file of the conversation, and one that is not there is named", async () => {
  const file = async (name: string) => {
    if (name !== "pets.yaml") throw new Error("not found");
    return Buffer.from(documentAt("http://x"));
  };
  const toolsOf = (openApiFile: string) =>
    toolsAt(toolRun({ file }), "openAPIToolkit", { openApiFile });
  expect(await toolsOf("FILE-STORAGE::pets.yaml")).toHaveLength(2);
  expect(await toolsOf('FILE-STORAGE::["pets.yaml"]')).toHaveLength(2);
  await expect(toolsOf("FILE-STORAGE::gone.yaml")).rejects.toThrow(
    "the file gone.yaml is not here",
  );
});

test("a document that an export has lost is reported", async () => {
  await expect(toolsAt(toolRun(), "openAPIToolkit", { yamlFile: "" })).rejects.toThrow(
    "Failed to load OpenAPI spec",
  );
});
