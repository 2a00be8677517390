import { expect, test } from "vitest";
import type { FlowFix } from "../../flow-fix.ts";
import { json, type Reply, scriptedProvider, sse } from "../../models/scripted-provider.ts";
import { drawFlow, runFlow } from "../../run-test-bench.ts";

const used = (input: number, output: number) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});
const says = (content: string, usage = used(1, 1)) =>
  sse({ choices: [{ delta: { content } }] }, { choices: [], usage }, "[DONE]");
const calls = (input: string, usage = used(1, 1)) => {
  const called = { name: "calculator", arguments: JSON.stringify({ input }) };
  const call = { index: 0, id: `call_${input}`, type: "function", function: called };
  return sse({ choices: [{ delta: { tool_calls: [call] } }] }, { choices: [], usage }, "[DONE]");
};

async function ask(replies: Reply[], more: Record<string, unknown> = {}, fixes: FlowFix[] = []) {
  const provider = await scriptedProvider(...replies);
  const graph = drawFlow({
    start_0: { to: ["agent_0"] },
    agent_0: {
      label: "Counter",
      inputs: {
        agentModel: "chatOpenAI",
        agentModelConfig: { basepath: provider.url, modelName: "gpt-4o-mini" },
        agentMessages: [{ role: "system", content: "Count." }],
        agentTools: [{ agentSelectedTool: "calculator", agentSelectedToolConfig: {} }],
        agentEnableMemory: true,
        ...more,
      },
    },
  });
  const services = { fetch: provider.fetch };
  const told = await runFlow(graph, { question: "(2+3)*4?" }, { services, fixes });
  return { ...told, requests: provider.requests, record: told.run.records.at(-1)!.data };
}

test("an agent calls its tools until it answers, streams, and says what it used", async () => {
  const told = await ask([calls("2+3"), calls("5*4"), says("It is 20.")]);
  expect([told.text, told.tokens]).toEqual(["It is 20.", "It is 20."]);
  expect(told.requests[0]?.body).toMatchObject({
    stream: true,
    tools: [{ type: "function", function: { name: "calculator" } }],
  });
  const { messages } = told.requests[2]!.body;
  expect(messages.map(({ role }: { role: string }) => role)).toEqual([
    ...["system", "user", "assistant", "tool", "assistant", "tool"],
  ]);
  expect(messages.at(-1)).toMatchObject({ tool_call_id: "call_5*4", content: "20" });
  expect(told.record.output?.usedTools).toMatchObject([{ toolOutput: "5" }, { toolOutput: "20" }]);
  expect(told.events.filter(({ type }) => type === "tool.called")).toHaveLength(3);
  // The exchange with tools stays out of what later nodes see.
  expect(told.run.history.map(({ role, name }) => [role, name])).toEqual([
    ["user", undefined],
    ["user", "counter"],
  ]);
});

test.each([
  [[], { input_tokens: 300, total_tokens: 1210, tool_call_tokens: 880, input_cost: 0.000045 }],
  [
    ["toolTokens" as const],
    {
      ...{ input_tokens: 600, output_tokens: 60, total_tokens: 660, tool_call_tokens: 330 },
      ...{ input_cost: 0.00009, output_cost: 0.000036 },
    },
  ],
])("with fixes %j the tokens of three calls are %o", async (fixes, usage) => {
  const replies = [
    calls("2+3", used(100, 10)),
    calls("5*4", used(200, 20)),
    says("20", used(300, 30)),
  ];
  const { record } = await ask(replies, {}, fixes);
  expect(record.output?.usageMetadata).toMatchObject(usage);
});

test("an answer is put into a structure by a second call, and not streamed", async () => {
  const called = { name: "extract", arguments: '{"sum":20}' };
  const message = { tool_calls: [{ id: "c", type: "function", function: called }] };
  const agentStructuredOutput = [{ key: "sum", type: "number", description: "the sum" }];
  const first = json({ choices: [{ message: { content: "It is 20." } }] });
  const told = await ask([first, json({ choices: [{ message }] })], {
    agentStructuredOutput,
  });
  expect(told.text).toBe('```json\n{\n  "sum": 20\n}\n```');
  expect(told.events.filter(({ type }) => type === "text.delta")).toHaveLength(1);
  expect(told.record.output?.sum).toBe(20);
  expect(JSON.stringify(told.requests[1]?.body.messages)).toContain("It is 20.");
});
