import { expect, test } from "vitest";
import { json, type Reply, scriptedProvider, sse } from "./models/scripted-provider.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";
import { serve } from "./tools/tool-test-bench.ts";

const says = (content: string) => sse({ choices: [{ delta: { content } }] }, "[DONE]");
const calls = (name: string, args: string, id = "call_0") => {
  const call = { index: 0, id, type: "function", function: { name, arguments: args } };
  return sse({ choices: [{ delta: { tool_calls: [call] } }] }, "[DONE]");
};

async function runAgent(replies: Reply[], tools: Record<string, object> = { calculator: {} }) {
  const provider = await scriptedProvider(...replies);
  const graph = drawFlow({
    start_0: { to: ["agent_0"] },
    agent_0: {
      inputs: {
        agentModel: "chatOpenAI",
        agentModelConfig: { basepath: provider.url, modelName: "m" },
        agentEnableMemory: true,
        agentTools: Object.entries(tools).map(([name, config]) => ({
          agentSelectedTool: name,
          agentSelectedToolConfig: config,
        })),
      },
    },
  });
  const { fetch, requests } = provider;
  const told = await runFlow(graph, { question: "6*7?" }, { services: { fetch } });
  /** What the model was told of its first call. */
  const result = () => requests[1]?.body.messages.at(-1);
  return { ...told, requests, result, last: told.run.records.at(-1)! };
}

test("a call of a tool that is not there is answered, and the agent goes on", async () => {
  const told = await runAgent([calls("oracle", "{}"), says("I do not know.")]);
  expect(told.result()).toMatchObject({
    role: "tool",
    tool_call_id: "call_0",
    content: "There is no tool named oracle",
  });
  expect([told.status, told.text]).toEqual(["FINISHED", "I do not know."]);
});

test.each([
  ["do not parse", "calculator", '{"input": "6*', /are not a JSON object; send them again/],
  ["do not fit", "arxiv_search", "{}", /do not fit: .*send them again/],
])("arguments that %s are sent back to the model", async (_, tool, args, words) => {
  const told = await runAgent([calls(tool, args), says("42")], { calculator: {}, arxiv: {} });
  expect(told.result().content).toMatch(words);
  expect(told.status).toBe("FINISHED");
  expect(told.last.data.output).not.toHaveProperty("usedTools");
});

test("a tool that fails ends the run with its words in the record", async () => {
  const { url } = await serve((_, response) => response.writeHead(503).end());
  const told = await runAgent([calls("requests_get", "{}")], {
    requestsGet: { requestsGetUrl: url },
  });
  expect(told.status).toBe("ERROR");
  expect(told.last).toMatchObject({
    status: "ERROR",
    data: { error: expect.stringMatching(/^Error in Agent node: .*HTTP Error 503/) },
  });
  expect(told.events.find(({ type }) => type === "tool.used")).toMatchObject({
    tools: [{ tool: "requests_get", error: expect.stringContaining("503") }],
  });
});

test("of a tool's 10 MB the model gets the first million characters, and is told so", async () => {
  const { url } = await serve((_, response) => response.end("x".repeat(10_000_000)));
  const config = { requestsGetUrl: url, requestsGetMaxOutputLength: 20_000_000 };
  const told = await runAgent([calls("requests_get", "{}"), says("Long.")], {
    requestsGet: config,
  });
  expect(told.text).toBe("Long.");
  expect(told.result().content).toHaveLength(
    1_000_000 + "\n[cut: the result is longer than 1000000 characters]".length,
  );
  expect(JSON.stringify(told.last).length).toBeLessThan(4_000_000);
});

test("an agent that only calls tools is stopped after 100 rounds", async () => {
  const rounds = Array.from({ length: 101 }, (_, at) =>
    calls("calculator", '{"input":"1+1"}', `call_${at}`),
  );
  const told = await runAgent(rounds);
  expect(told.error).toContain("called tools in 100 rounds without an answer");
  expect(told.requests).toHaveLength(100);
});

test.each([
  [400, "invalid_request_error"],
  [401, "invalid_api_key"],
  [429, "insufficient_quota"],
])("a provider's %s (%s) ends the run at once with its words", async (status, code) => {
  const told = await runAgent([json({ error: { message: "No more tea", code } }, status)]);
  expect(told.last).toMatchObject({
    status: "ERROR",
    data: { error: `Error in Agent node: ${status} No more tea` },
  });
  expect(told.requests).toHaveLength(1);
});

test.each([429, 500])("a provider's passing %s is waited out", async (status) => {
  const busy = json({ error: { message: "busy" } }, status, { "retry-after-ms": "1" });
  const told = await runAgent([busy, says("42")]);
  expect([told.status, told.text, told.requests.length]).toEqual(["FINISHED", "42", 2]);
});
