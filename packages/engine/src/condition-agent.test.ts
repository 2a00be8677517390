import { expect, test } from "vitest";
import { json, scriptedProvider } from "./models/scripted-provider.ts";
import { matchScenario } from "./nodes/agentflow/condition-agent.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";

const scenarios = ["The user wants a refund", "The user wants to buy", "Anything else"];

async function decide(answer: string, inputs: Record<string, unknown> = {}) {
  const provider = await scriptedProvider(
    json({ choices: [{ message: { role: "assistant", content: answer } }] }),
  );
  const graph = drawFlow({
    start_0: { to: ["conditionAgent_0"] },
    conditionAgent_0: {
      inputs: {
        conditionAgentModel: "chatOpenAI",
        conditionAgentModelConfig: { basepath: `${provider.url}/v1`, modelName: "m" },
        conditionAgentInput: "{{ question }}",
        conditionAgentInstructions: "Decide.",
        conditionAgentScenarios: scenarios.map((scenario) => ({ scenario })),
        ...inputs,
      },
      to: ["0>directReply_0", "1>directReply_1", "2>directReply_2"],
    },
    directReply_0: { inputs: { directReplyMessage: "refund" } },
    directReply_1: { inputs: { directReplyMessage: "buy" } },
    directReply_2: { inputs: { directReplyMessage: "else" } },
  });
  const past = [{ role: "user", content: "before" }];
  const options = { services: { fetch: provider.fetch }, past };
  return { told: await runFlow(graph, { question: "money back" }, options), provider };
}

test("the branch of the scenario that the model names is taken", async () => {
  const { told, provider } = await decide('{"output": "The user wants a refund"}');
  expect(told.text).toBe("refund");
  expect(provider.requests[0]?.body.messages.at(-1).content).toBe(
    `{"input": money back, "scenarios": ${JSON.stringify(scenarios)}, "instruction": Decide.}`,
  );
  expect(told.run.history).toEqual([{ role: "user", content: "money back" }]);
  expect(told.run.records[1]?.data.output).toMatchObject({
    conditions: [{ output: scenarios[0], isFulfilled: true }, {}, {}],
  });
});

test("an answer may be fenced, stand among words, or be the part of a scenario", async () => {
  expect((await decide('```json\n{"output": "THE USER WANTS TO BUY"}\n```')).told.text).toBe("buy");
  expect((await decide('Sure: {"output": "wants to buy"}')).told.text).toBe("buy");
  expect((await decide('{"output": "no idea"}')).told.text).toBe("else");
});

test("an answer without the object fails the node", async () => {
  const { told } = await decide("The user wants to buy");
  expect(told).toMatchObject({
    status: "ERROR",
    error: expect.stringMatching(/^Error in Condition/),
  });
});

test("memory comes before the question, and an author's system prompt replaces ours", async () => {
  const { provider } = await decide('{"output": "x"}', {
    conditionAgentEnableMemory: true,
    conditionAgentMemoryType: "allMessages",
    conditionAgentOverrideSystemPrompt: true,
    conditionAgentSystemPrompt: "Mine.",
  });
  const messages = provider.requests[0]?.body.messages;
  expect(messages[0]).toEqual({ role: "system", content: "Mine." });
  expect(messages.at(-2)).toEqual({ role: "user", content: "before" });
});

test("equal goes before beginning with, and that before containing", () => {
  expect(matchScenario("ab", ["abc", "ab"])).toBe(1);
  expect(matchScenario("ab", ["xab", "abc"])).toBe(1);
  expect(matchScenario("it is about cats", ["cats", "dogs"])).toBe(0);
  expect(matchScenario("", ["cats", "dogs"])).toBe(1);
});
