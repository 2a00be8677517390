import { expect, test } from "vitest";
import { type Reply, scriptedProvider, sse } from "./models/scripted-provider.ts";
import { resumedState } from "./resume.ts";
import { drawFlow, runFlow, type Told } from "./run-test-bench.ts";

const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const says = (content: string) => sse({ choices: [{ delta: { content } }], usage }, "[DONE]");
const calls = (content: string, ...wanted: [name: string, input: string][]) => {
  const list = wanted.map(([name, input], index) => ({
    index,
    id: `call_${index}`,
    type: "function",
    function: { name, arguments: JSON.stringify({ input }) },
  }));
  return sse({ choices: [{ delta: { content, tool_calls: list } }], usage }, "[DONE]");
};

async function openAgent(replies: Reply[], tools: { name: string; guarded: boolean }[]) {
  const provider = await scriptedProvider(...replies);
  const graph = drawFlow({
    start_0: { to: ["agent_0"] },
    agent_0: {
      label: "Agent 0",
      inputs: {
        agentModel: "chatOpenAI",
        agentModelConfig: { basepath: `${provider.url}/v1`, modelName: "m" },
        agentEnableMemory: true,
        agentTools: tools.map(({ name, guarded }) => ({
          agentSelectedTool: name,
          agentSelectedToolRequiresHumanInput: guarded,
          agentSelectedToolConfig: {},
        })),
      },
    },
  });
  const services = { fetch: provider.fetch };
  return {
    provider,
    ask: () => runFlow(graph, { question: "6*7?" }, { services }),
    answer: (type: string, told: Told) =>
      runFlow(
        graph,
        { humanInput: { type } },
        { services, from: resumedState(structuredClone(told.run)) },
      ),
  };
}

const guardedCalculator = [{ name: "calculator", guarded: true }];

test("an agent stops before it calls a tool that needs a yes", async () => {
  const { ask } = await openAgent([calls("Let me.", ["calculator", "6*7"])], guardedCalculator);
  const told = await ask();
  const shown =
    'Let me.\nAttempting to use tool:\n```json\n{\n  "name": "calculator",\n  "args": {\n    "input": "6*7"\n  },\n  "id": "call_0",\n  "type": "tool_call"\n}\n```';
  expect(told).toMatchObject({ status: "STOPPED", text: shown, tokens: `Let me.${shown}` });
  expect(told.run.records.at(-1)).toMatchObject({
    status: "STOPPED",
    data: { output: { isWaitingForHumanInput: true, calledTools: [{ name: "calculator" }] } },
  });
});

test("after a yes the call runs and the model goes on from it", async () => {
  const replies = [calls("Let me.", ["calculator", "6*7"]), says("It is 42.")];
  const { ask, answer, provider } = await openAgent(replies, guardedCalculator);
  const told = await answer("proceed", await ask());
  expect(told).toMatchObject({ status: "FINISHED", text: "It is 42.", tokens: "It is 42." });
  expect(provider.requests[1]?.body.messages).toMatchObject([
    { role: "user", content: "6*7?" },
    { role: "assistant", tool_calls: [{ id: "call_0" }] },
    { role: "tool", content: "42", tool_call_id: "call_0" },
  ]);
  expect(told.run.records).toHaveLength(2);
  expect(told.run.records[1]?.data).toMatchObject({
    input: { humanInput: { type: "proceed", startNodeId: "agentAgentflow_0" } },
    output: { usedTools: [{ tool: "calculator", toolOutput: "42" }] },
  });
});

test("several calls in one message wait together, and a yes runs them all", async () => {
  const replies = [calls("", ["current_date_time", ""], ["calculator", "1+1"]), says("Done.")];
  const tools = [{ name: "currentDateTime", guarded: false }, ...guardedCalculator];
  const { ask, answer, provider } = await openAgent(replies, tools);
  const asked = await ask();
  expect(asked.text).not.toContain("current_date_time");
  const told = await answer("proceed", asked);
  expect(told.text).toBe("Done.");
  const results = provider.requests[1]?.body.messages.slice(2);
  expect(results).toMatchObject([{ role: "tool" }, { role: "tool", content: "2" }]);
});

test("after a no only the refused tool is gone and the call is forgotten", async () => {
  const replies = [calls("Let me.", ["calculator", "6*7"]), says("Then I guess.")];
  const tools = [{ name: "currentDateTime", guarded: false }, ...guardedCalculator];
  const { ask, answer, provider } = await openAgent(replies, tools);
  const told = await answer("reject", await ask());
  expect(told.text).toBe("Then I guess.");
  const { body } = provider.requests[1]!;
  expect(body.messages).toEqual([{ role: "user", content: "6*7?" }]);
  expect(body.tools.map((tool: { function: { name: string } }) => tool.function.name)).toEqual([
    "current_date_time",
  ]);
});

test("an answer that fails keeps the question, so that it can be tried again", async () => {
  const replies = [calls("Let me.", ["calculator", "6*7"])];
  const { ask, answer } = await openAgent(replies, guardedCalculator);
  const told = await answer("proceed", await ask());
  expect(told.status).toBe("ERROR");
  expect(told.run.resuming?.nodeId).toBe("agentAgentflow_0");
  expect(told.run.records.map((record) => record.status)).toEqual(["FINISHED", "STOPPED", "ERROR"]);
});
