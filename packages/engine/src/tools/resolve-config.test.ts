import { expect, test } from "vitest";
import { drawFlow, runFlow } from "../run-test-bench.ts";
import { json, serve } from "./tool-test-bench.ts";

test("references in a tool's config are looked up where its own component takes them", async () => {
  const { url, requests } = await serve(({ headers }, response) =>
    json(response, headers.authorization),
  );
  const graph = drawFlow({
    start_0: { to: ["tool_0"] },
    tool_0: {
      inputs: {
        toolAgentflowSelectedTool: "requestsGet",
        toolAgentflowSelectedToolConfig: {
          requestsGetUrl: `<p>${url}/{{ question }}</p>`,
          requestsGetHeaders: '{ "Authorization": "Bearer {{$vars.token}}" }',
          requestsGetName: "{{ question }}",
        },
        toolInputArgs: "",
      },
    },
  });
  for (const node of graph.nodes) node.data.inputParams = [];
  const variables = async () => ({ token: "t0k3n" });
  const { text, status } = await runFlow(graph, { question: "tea" }, { services: { variables } });
  expect({ text, status }).toEqual({ text: '"Bearer t0k3n"', status: "FINISHED" });
  expect(requests[0]!.path).toBe("/tea");
});
