import { expect, test } from "vitest";
import { type Reply, scriptedProvider, sse } from "./models/scripted-provider.ts";
import type { RunState } from "./run-state.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";
import { json, serve } from "./tools/tool-test-bench.ts";

const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const says = (content: string) => sse({ choices: [{ delta: { content } }], usage }, "[DONE]");
const calculates = (input: string, id: string) => {
  const made = { name: "calculator", arguments: JSON.stringify({ input }) };
  const call = { index: 0, id, type: "function", function: made };
  return sse({ choices: [{ delta: { tool_calls: [call] } }], usage }, "[DONE]");
};

async function runAgent(replies: Reply[], from?: RunState) {
  const provider = await scriptedProvider(...replies);
  const graph = drawFlow({
    start_0: { to: ["agent_0"] },
    agent_0: {
      inputs: {
        agentModel: "chatOpenAI",
        agentModelConfig: { basepath: provider.url, modelName: "m" },
        agentMessages: [{ role: "system", content: "Count." }],
        agentTools: [{ agentSelectedTool: "calculator", agentSelectedToolConfig: {} }],
      },
    },
  });
  const { fetch, requests } = provider;
  const options = { services: { fetch }, ...(from && { from }) };
  const told = await runFlow(graph, { question: "2*3*4?" }, options);
  return { ...told, requests };
}

test("an agent goes on after the last round of tools that another attempt finished", async () => {
  const [first, second, last] = [calculates("2*3", "a"), calculates("6*4", "b"), says("24")];
  const whole = await runAgent([first, second, last]);
  const reached = whole.checkpoints.filter((state) => state.reached);
  expect(reached).toHaveLength(2);
  const again = await runAgent([second, last], reached[0]);
  const messages = (told: typeof whole, i: number) => told.requests[i]?.body.messages;
  expect(messages(again, 0)).toEqual(messages(whole, 1));
  expect(messages(again, 1)).toEqual(messages(whole, 2));
  const shown = ({ run }: typeof whole) =>
    JSON.stringify(run.records.at(-1)!.data).replaceAll(
      /"timeMetadata":{[^}]*},|127.0.0.1:\d+/g,
      "",
    );
  expect(shown(again)).toBe(shown(whole));
  expect(again.run.history).toEqual(whole.run.history);
  expect(whole.run.reached).toBeUndefined();
});

/** Posts in every round of a loop, and there for each item of an iteration. */
async function posts(from?: RunState, headers: object[] = []) {
  const { url, requests } = await serve((_, response) => json(response, {}));
  const post = { method: "POST", url, headers, bodyType: "json", body: "{}" };
  const graph = drawFlow({
    start_0: { to: ["http_0"] },
    http_0: { inputs: post, to: ["http_1"] },
    http_1: { inputs: { ...post, method: "GET" }, to: ["loop_0", "iteration_0"] },
    loop_0: { inputs: { loopBackToNode: "httpAgentflow_0-http_0", maxLoopCount: 2 } },
    iteration_0: { inputs: { iterationInput: "[1,2]" } },
    http_2: { inside: "iteration_0", inputs: post },
  });
  const told = await runFlow(graph, { runId: "prd_1" }, from ? { from } : {});
  const keys = requests.map(({ method, headers: sent }) => [method, sent["idempotency-key"]]);
  return { ...told, keys };
}

test("each execution of an HTTP node has an idempotency key of its own, the same in every attempt", async () => {
  const whole = await posts();
  const sent = whole.keys.filter(([method]) => method === "POST").map(([, key]) => key);
  expect(sent.length).toBeGreaterThan(3);
  expect(new Set(sent).size).toBe(sent.length);
  expect(sent.every((key) => /^[0-9a-f]{32}$/.test(key as string))).toBe(true);
  expect(whole.keys.filter(([method, key]) => method === "GET" && key)).toEqual([]);
  for (const [i, state] of whole.checkpoints.entries()) {
    const again = await posts(state);
    const rest = again.keys.length === 0 ? [] : whole.keys.slice(-again.keys.length);
    expect([i, again.keys]).toEqual([i, rest]);
  }
});

test("an author's own idempotency key is left alone", async () => {
  const { keys } = await posts(undefined, [{ key: "Idempotency-Key", value: "mine" }]);
  expect(new Set(keys.map(([, key]) => key))).toEqual(new Set(["mine"]));
});
