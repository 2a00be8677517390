import { expect, test } from "vitest";
import type { CustomTool } from "../services.ts";
import { callTool, toolRun, toolsAt } from "./tool-test-bench.ts";

const greet: CustomTool = {
  id: "1",
  name: "greet",
  description: "Greets someone",
  schema: [
    { id: 0, property: "name", type: "string", description: "who", required: true },
    { id: 1, property: "loud", type: "boolean", description: "loudly", required: false },
  ],
  code: 'return { said: [$vars.hi, $name, $flow.chatId, $flow.input].join(" "), loud: typeof $loud }',
};
const run = (row: Partial<CustomTool> = {}) =>
  toolRun({ tool: async () => ({ ...greet, ...row }) }, { variables: async () => ({ hi: "Hey" }) });

test("a custom tool offers the properties of its row as typed arguments", async () => {
  const [tool] = await toolsAt(run(), "customTool", { selectedTool: "1", customToolName: "hello" });
  expect(tool).toMatchObject({ name: "hello", description: "Greets someone", returnDirect: false });
  expect(tool!.schema).toEqual({
    type: "object",
    properties: {
      name: { type: "string", description: "who" },
      loud: { type: "boolean", description: "loudly" },
    },
    required: ["name"],
    additionalProperties: false,
  });
});

test("a custom tool's code sees its arguments, variables and the flow, and no surplus argument", async () => {
  const args = { name: "Ada", vars: { hi: "Bad" }, flow: "bad" };
  const { text } = await callTool(run(), "customTool", { selectedTool: "1" }, args);
  expect(JSON.parse(text)).toEqual({ said: "Hey Ada chat hello", loud: "undefined" });
});

test("data behind Flowise's markers is taken off a custom tool's result", async () => {
  const code =
    'return "found" + "\\n\\n----FLOWISE_SOURCE_DOCUMENTS----\\n\\n" + JSON.stringify([{ id: 7 }]) + "\\n\\n----FLOWISE_ARTIFACTS----\\n\\n" + JSON.stringify([{ type: "png" }])';
  const result = await callTool(run({ code }), "customTool", { selectedTool: "1" }, { name: "x" });
  expect(result).toEqual({
    text: "found",
    sourceDocuments: [{ id: 7 }],
    artifacts: [{ type: "png" }],
  });
});

test("a custom tool that throws fails with the words of its code", async () => {
  const failing = callTool(
    run({ code: 'throw new Error("kaboom")' }),
    "customTool",
    { selectedTool: "1" },
    { name: "x" },
  );
  await expect(failing).rejects.toThrow("NodeVM Execution Error: Error: kaboom");
});
