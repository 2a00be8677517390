import { expect, test } from "vitest";
import { parseFlowFile } from "./flow-file.ts";

const start = { id: "startAgentflow_0", data: { name: "startAgentflow", category: "Agent Flows" } };
const graph = { nodes: [start], edges: [] };
const stored = {
  id: "11111111-2222-4333-8444-555555555555",
  name: "stored",
  type: "AGENTFLOW",
  flowData: JSON.stringify(graph),
  apiConfig: '{"rateLimit":{}}',
  chatbotConfig: null,
};

test("a canvas export and a template take the file's name and the type of their nodes", () => {
  const file = parseFlowFile({ description: "x", usecases: [], ...graph }, "My Flow");
  expect(file.flows).toMatchObject([{ id: undefined, name: "My Flow", type: "AGENTFLOW" }]);
  expect(Object.keys(file.flows[0]?.graph ?? {})).toEqual(["nodes", "edges", "viewport"]);
});

test("a stored flow keeps its id, name and settings", () => {
  const { flows } = parseFlowFile(stored, "file");
  expect(flows).toMatchObject([{ id: stored.id, name: "stored" }]);
  expect(flows[0]?.settings).toEqual({ apiConfig: stored.apiConfig });
});

test("Export all brings flows, tools and variables, and tells what it leaves", () => {
  const file = parseFlowFile(
    {
      AgentFlowV2: [stored],
      ChatFlow: [],
      Tool: [{ id: "t", name: "tool" }],
      Variable: [{ id: "v", name: "who" }],
      ChatMessage: [{}, {}],
      Execution: [],
    },
    "all",
  );
  expect(file.flows).toHaveLength(1);
  expect(file.tools).toHaveLength(1);
  expect(file.variables).toHaveLength(1);
  expect(file.left).toEqual(["2 ChatMessage"]);
});

test("what is none of these is refused with the reason", () => {
  expect(() => parseFlowFile({ hello: 1 }, "x")).toThrow("neither nodes nor flows");
  expect(() => parseFlowFile({ nodes: [{ id: 1 }] }, "x")).toThrow();
});
