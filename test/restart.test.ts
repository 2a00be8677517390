import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, call } from "./client.ts";
import { llm, node, reply, start } from "./flows.ts";
import { openScriptedModels } from "./scripted-models.ts";
import { openSplit, type Split, store } from "./split.ts";

const edge = (source: { id: string }, target: { id: string }, output: string | number = "x") => ({
  source: source.id,
  target: target.id,
  sourceHandle: `${source.id}-output-${output}`,
});

/** Half of a join is done when a human is asked about a draft; a no has it written again, once. */
function drafting(url: string, { words = "left", joins = true } = {}) {
  const more = { llmEnableMemory: true, llmReturnResponseAs: "assistantMessage" };
  const first = start({ startState: [{ key: "kept", value: "1" }] });
  const left = reply(words);
  const [draft, final] = [llm({ url }, more), llm({ url }, more, 1)];
  const human = node("humanInputAgentflow", {
    humanInputDescriptionType: "fixed",
    humanInputDescription: "Good?",
    humanInputEnableFeedback: true,
  });
  const again = node("loopAgentflow", { loopBackToNode: `${draft.id}-x`, maxLoopCount: 2 });
  const end = reply(
    "{{ directReplyAgentflow_0 }}, {{ llmAgentflow_1 }}, {{ $flow.state.kept }}",
    1,
  );
  return {
    nodes: [first, left, draft, human, again, final, end],
    edges: [
      edge(first, left),
      edge(first, draft),
      edge(draft, human),
      edge(human, again, 1),
      edge(human, final, 0),
      ...(joins ? [edge(left, final)] : []),
      edge(final, end),
    ],
  };
}

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  let models: Awaited<ReturnType<typeof openScriptedModels>>;
  let urls: string[];
  beforeAll(async () => {
    models = await openScriptedModels();
    split = await openSplit({ mode, apis: mode === "queue" ? 2 : 1 });
    urls = split.apis.map(({ url }) => url);
  }, 60_000);
  afterAll(async () => {
    await split?.close();
    models?.close();
  });

  /** Every process goes, others come. */
  async function deploy(): Promise<void> {
    const old = [...split.apis.splice(0), ...split.workers.splice(0)];
    const replicas = urls.length;
    await Promise.all(old.map((process) => process.stop()));
    const apis = await Promise.all(Array.from({ length: replicas }, () => split.addApi()));
    split.apis.push(...apis);
    if (mode === "queue") split.workers.push(await split.addWorker());
    urls = apis.map(({ url }) => url);
  }

  /** Paused after its draft; then the flow is stored anew and every process is another. */
  async function pausedAcrossDeploy(chatId: string, joins = true): Promise<string> {
    const fixes = { apiConfig: JSON.stringify({ sluice: { fixes: ["resumeHistory"] } }) };
    const flow = await store(
      { url: urls[0]!, key: split.key },
      drafting(models.url, { joins }),
      fixes,
    );
    models.say({ text: "Draft 1" });
    const asked = await ask(urls[0]!, flow, { question: "Write.", chatId });
    expect(asked.json.text).toBe("Draft 1\n\nGood?");
    const changed = drafting(models.url, { words: "changed", joins });
    const body = { flowData: JSON.stringify(changed), apiConfig: "{}" };
    await call(urls[0]!, "PUT", `/chatflows/${flow}`, { body, key: split.key });
    await deploy();
    return flow;
  }

  test("a join that was half filled is filled after a restart, and models see what was said before", async () => {
    const chatId = randomUUID();
    const flow = await pausedAcrossDeploy(chatId);
    models.taken();
    models.say({ text: "final" });
    const humanInput = { type: "proceed", feedback: "Nice." };
    const { json: told } = await ask(urls.at(-1)!, flow, { humanInput, chatId });
    expect(told.text).toBe("left, final, 1");
    const messages: { content: string }[] = models.taken()[0]?.body.messages;
    expect(messages.map(({ content }) => content)).toEqual([
      "Write.",
      "Draft 1",
      "Draft 1\n\nGood?",
      "Nice.",
    ]);
    const execution = await call(urls[0]!, "GET", `/executions/${told.executionId}`, {
      key: split.key,
    });
    expect(execution.json.state).toBe("FINISHED");
    const records = JSON.parse(execution.json.executionData) as { nodeId: string }[];
    expect(records.map(({ nodeId }) => nodeId)).toHaveLength(6);
  }, 60_000);

  test("a loop goes on counting where it was before two restarts", async () => {
    const chatId = randomUUID();
    const flow = await pausedAcrossDeploy(chatId, false);
    models.say({ text: "Draft 2" });
    const humanInput = { type: "reject" };
    const second = await ask(urls.at(-1)!, flow, { humanInput, chatId });
    expect(second.json.text).toBe("Draft 2\n\nGood?");
    await deploy();
    const third = await ask(urls[0]!, flow, { humanInput, chatId });
    expect(third.json.text).toBe("Loop completed after reaching maximum iteration count of 2.");
    expect(models.left()).toBe(0);
  }, 60_000);
});
