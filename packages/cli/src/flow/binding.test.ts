import { expect, test } from "vitest";
import { Binding, bindGraph, emptyBinding } from "./binding.ts";
import { parseFlowFile } from "./flow-file.ts";
import { findUnbound } from "./unbound.ts";

const toolId = "3d5a8a3e-6a4b-4c1e-9b0a-2f6f7a1f0c11";
const node = (id: string, name: string, data: object) => ({ id, data: { id, name, ...data } });
const graph = {
  nodes: [
    node("startAgentflow_0", "startAgentflow", { inputs: {} }),
    node("agentAgentflow_0", "agentAgentflow", {
      inputs: {
        agentModel: "chatOpenAI",
        agentModelConfig: { modelName: "gpt-4o-mini", agentModel: "chatOpenAI" },
        agentTools: [
          { agentSelectedTool: "customTool", agentSelectedToolConfig: { selectedTool: toolId } },
          {
            agentSelectedTool: "serpAPI",
            agentSelectedToolConfig: { agentSelectedTool: "serpAPI" },
          },
        ],
      },
    }),
    node("httpAgentflow_0", "httpAgentflow", {
      inputs: { url: "" },
      inputParams: [
        {
          name: "credential",
          type: "credential",
          credentialNames: ["httpBasicAuth"],
          optional: true,
        },
        { name: "secret", type: "password" },
      ],
    }),
    node("stickyNoteAgentflow_0", "stickyNoteAgentflow", { inputs: { note: toolId } }),
  ],
  edges: [{ source: "startAgentflow_0", target: "agentAgentflow_0" }],
};
const [flow] = parseFlowFile(graph, "a").flows;
if (!flow) throw new Error("no flow");

test("credentials, secrets and ids of another server are found, embedded ones included", () => {
  expect(findUnbound(flow.graph)).toEqual({
    credentials: [
      { at: "agentAgentflow_0/agentModelConfig", type: "openAIApi", optional: false },
      {
        at: "agentAgentflow_0/agentTools/1/agentSelectedToolConfig",
        type: "serpApi",
        optional: false,
      },
      { at: "httpAgentflow_0", type: "httpBasicAuth", optional: true },
    ],
    inputs: [{ at: "httpAgentflow_0/secret", kind: "password" }],
    ids: [{ id: toolId, at: "agentAgentflow_0/agentTools/0/agentSelectedToolConfig/selectedTool" }],
  });
});

test("a bound flow has nothing left to bind, and the file's own stays as it was", () => {
  const before = JSON.stringify(flow.graph);
  const empty = emptyBinding(findUnbound(flow.graph));
  const ids = new Map(Object.keys(empty.credentials).map((at) => [at, "c1"]));
  const binding = Binding.parse({
    inputs: { "httpAgentflow_0/secret": "s" },
    ids: { [toolId]: "t1" },
  });
  const bound = bindGraph(flow.graph, binding, ids);
  expect(findUnbound(bound)).toMatchObject({ inputs: [], ids: [] });
  expect(findUnbound(bound).credentials).toEqual([]);
  expect(bound.nodes[2]?.data.credential).toBe("c1");
  expect(JSON.stringify(flow.graph)).toBe(before);
});

test("a place that the flow does not have is named", () => {
  const at = "nowhere_0/model";
  const binding = Binding.parse({ inputs: { [at]: "x" } });
  expect(() => bindGraph(flow.graph, binding, new Map())).toThrow("no node nowhere_0");
});
