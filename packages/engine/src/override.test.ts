import { describe, expect, test } from "vitest";
import { overrideInputs, permittedVariables } from "./override.ts";
import { readPermissions } from "./run-input.ts";

const inputs = {
  temperature: 0.5,
  streaming: true,
  messages: [{ role: "system", content: "a" }],
  config: { modelName: "m", topP: 1 },
};
const node = { id: "llmAgentflow_0", name: "llmAgentflow", label: "LLM", inputs };
const enabled = (...names: string[]) => names.map((name) => ({ name, enabled: true }));
const permissions = readPermissions({
  overrideConfig: {
    status: true,
    nodes: {
      LLM: [
        ...enabled("temperature", "streaming", "messages", "config"),
        { name: "secret", enabled: false },
      ],
    },
    variables: [...enabled("shop"), { name: "hidden", enabled: false }],
  },
})!;
const override = (given: Record<string, unknown>) => overrideInputs(node, given, permissions);

describe("what may be overridden", () => {
  test.each([
    ["a number", { temperature: 0.9 }, { temperature: 0.9 }],
    ["a flag as text", { streaming: "false" }, { streaming: false }],
    ["what nobody permitted", { secret: "x", other: 1, label: "y" }, {}],
    ["a falsy value", { temperature: 0, streaming: "" }, {}],
    ["a session", { sessionId: "s" }, {}],
    ["permitted variables", { vars: { shop: "a", hidden: "b" } }, { vars: { shop: "a" } }],
    [
      "rows, which join those that are there",
      { messages: [{ role: "user", content: "b" }] },
      {
        messages: [
          { role: "system", content: "a" },
          { role: "user", content: "b" },
        ],
      },
    ],
    [
      "rows that are there already",
      { messages: [...inputs.messages] },
      { messages: inputs.messages },
    ],
    [
      "an object for this node",
      { config: { llmAgentflow_0: { topP: 0.1 } } },
      {
        config: { modelName: "m", topP: 0.1 },
      },
    ],
    ["an object for another node", { config: { llmAgentflow_1: { topP: 0.1 } } }, {}],
    ["a bare object", { config: { topP: 0.1 } }, {}],
  ])("%s", (_, given, expected) => {
    expect(override(given)).toEqual(expected);
  });

  test("nothing of a node that is not named", () => {
    expect(overrideInputs({ ...node, label: "Other" }, { temperature: 1 }, permissions)).toEqual(
      {},
    );
  });

  test("saved inputs stay as they were", () => {
    override({
      messages: [{ role: "user", content: "b" }],
      config: { llmAgentflow_0: { topP: 9 } },
    });
    expect(inputs.messages).toHaveLength(1);
    expect(inputs.config.topP).toBe(1);
  });
});

test.each([
  undefined,
  null,
  {},
  { overrideConfig: null },
  { overrideConfig: { status: false, nodes: { LLM: enabled("temperature") } } },
  { overrideConfig: { status: "true", nodes: { LLM: enabled("temperature") } } },
])("%j permits nothing", (apiConfig) => {
  expect(readPermissions(apiConfig)).toBeUndefined();
});

test("permissions of an odd shape permit nothing", () => {
  const odd = readPermissions({
    overrideConfig: {
      status: true,
      nodes: { LLM: "all", B: [null, {}, { name: 7, enabled: true }] },
    },
  });
  expect([odd?.nodes.LLM?.size, odd?.nodes.B?.size, odd?.variables.size]).toEqual([0, 0, 0]);
});

test("variables need a permission each", () => {
  expect(permittedVariables({ shop: "a", hidden: "b" }, permissions)).toEqual({ shop: "a" });
  expect(permittedVariables({ shop: "a" }, undefined)).toEqual({});
  for (const odd of [null, "x", 7, undefined])
    expect(permittedVariables(odd, permissions)).toEqual({});
});

test("who permits files permits them under the input of each kind", () => {
  const files = { pdfFile: ["data:application/pdf;base64,AA==,filename:a.pdf"], txtFile: ["x"] };
  const loader = {
    id: "fileLoader_0",
    name: "fileLoader",
    label: "Files",
    inputs: { file: "own" },
  };
  const given = (name: string) =>
    overrideInputs(
      loader,
      { ...files, other: "x" },
      readPermissions({ overrideConfig: { status: true, nodes: { Files: enabled(name) } } })!,
    );
  expect(given("files")).toEqual(files);
  expect(given("file")).toEqual(files);
  expect(given("pdfFile")).toEqual({ pdfFile: files.pdfFile });
  expect(given("metadata")).toEqual({});
});
