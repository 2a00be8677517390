import { expect, test } from "vitest";
import { toolRun } from "../../tools/tool-test-bench.ts";
import { tool } from "./tool.ts";

const shout = {
  id: "1",
  name: "shout",
  description: "Shouts",
  schema: [
    { property: "text", type: "string", description: "", required: true },
    { property: "times", type: "number", description: "", required: false },
    { property: "list", type: "string", description: "", required: false },
  ],
  code: 'return ($text.toUpperCase() + "!").repeat($times || 1) + typeof $times',
};

const inputsWith = (rows: Record<string, unknown>) => ({
  toolInputArgs: Object.entries(rows).map(([inputArgName, inputArgValue]) => ({
    inputArgName,
    inputArgValue,
  })),
});

test("the tool node calls its tool with the author's arguments, made to fit", async () => {
  const inputs = {
    ...inputsWith({ text: "\\[hey\\]", times: "2" }),
    toolAgentflowSelectedTool: "customTool",
    toolAgentflowSelectedToolConfig: { selectedTool: "1" },
  };
  const result = await tool.execute(inputs, toolRun({ tool: async () => shout }));
  expect(result.output).toEqual({ content: "[HEY]![HEY]!number" });
  expect(result.input).toMatchObject({ selectedTool: "customTool" });
});

test("the names of older exports work, and a last node says its result", async () => {
  const events: unknown[] = [];
  const context = toolRun({}, { isLast: true, emit: (event) => events.push(event) });
  const inputs = { ...inputsWith({ input: "2*3" }), selectedTool: "calculator" };
  expect((await tool.execute(inputs, context)).output).toEqual({ content: "6" });
  expect(events).toEqual([{ type: "text.delta", nodeId: "toolAgentflow_0", text: "6" }]);
});

test("a missing argument fails the tool node", async () => {
  const inputs = {
    ...inputsWith({ times: "x" }),
    selectedTool: "customTool",
    selectedToolConfig: { selectedTool: "1" },
  };
  await expect(tool.execute(inputs, toolRun({ tool: async () => shout }))).rejects.toThrow(
    "text is missing, times is not of type number",
  );
});
