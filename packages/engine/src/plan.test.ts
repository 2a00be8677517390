import { describe, expect, test } from "vitest";
import { chain, edge, llm, node, reply, start } from "../../../test/flows.ts";
import { FlowGraph, inferFlowType } from "./graph.ts";
import { planFlow } from "./plan.ts";

const model = { url: "http://localhost" };
const plan = (graph: unknown) => planFlow(FlowGraph.parse(graph), "AGENTFLOW");
const messages = async (graph: unknown) => (await plan(graph)).problems.map((p) => p.message);

test("nodes know their parents, their children and their references", async () => {
  const said = reply("{{ llmAgentflow_0 }} {{$vars.shop}}");
  const { nodes, startId, problems, unsupported, warnings } = await plan(
    chain(start(), llm(model), said),
  );
  expect(startId).toBe("startAgentflow_0");
  expect([problems, unsupported, warnings]).toEqual([[], [], []]);
  expect(nodes.get("llmAgentflow_0")).toMatchObject({
    parents: ["startAgentflow_0"],
    children: [{ target: "directReplyAgentflow_0", output: undefined }],
    usesVariables: false,
  });
  expect(nodes.get("directReplyAgentflow_0")?.usesVariables).toBe(true);
});

test("outputs of a decision are numbered by their handles", async () => {
  const [decision, yes, no] = [node("conditionAgentflow"), reply("yes"), reply("no", 1)];
  const graph = chain(start(), decision);
  const leg = (to: typeof yes, output: number) => ({
    ...edge(decision, to),
    sourceHandle: `${decision.id}-output-${output}`,
  });
  const { nodes } = await plan({
    nodes: [...graph.nodes, yes, no],
    edges: [...graph.edges, leg(yes, 0), leg(no, 1)],
  });
  expect(nodes.get(decision.id)?.children.map(({ output }) => output)).toEqual([0, 1]);
});

test("notes, loose edges and loose nodes are no harm", async () => {
  const graph = chain(start(), reply("x"));
  const note = { id: "stickyNoteAgentflow_0", data: { name: "stickyNoteAgentflow" } };
  const loose = reply("never", 7);
  const planned = await plan({
    nodes: [...graph.nodes, note, loose],
    edges: [...graph.edges, { source: "gone", target: "directReplyAgentflow_0" }],
  });
  expect(planned.nodes.has(note.id)).toBe(false);
  expect([planned.problems, planned.unsupported]).toEqual([[], []]);
  expect(planned.warnings).toEqual([
    "directReplyAgentflow_7 (directReplyAgentflow_7) is not connected to the start and never runs",
  ]);
});

describe("what cannot run is named", () => {
  test("components that we do not have, where they are reached", async () => {
    const graph = chain(start(), node("teleportAgentflow"), llm(model, { llmModel: "chatOracle" }));
    expect((await plan(graph)).unsupported).toEqual(["teleportAgentflow", "chatOracle"]);
    const loose = { ...graph, edges: [] };
    expect((await plan(loose)).unsupported).toEqual([]);
  });

  test("tools and knowledge of agents, and tools as older exports name them", async () => {
    const agent = node("agentAgentflow", {
      agentModel: "chatOpenAI",
      agentTools: [{ agentSelectedTool: "calculator" }, { agentSelectedTool: "oracle" }],
      agentKnowledgeVSEmbeddings: [
        { vectorStore: "postgres", embeddingModel: "openAIEmbeddings" },
        { vectorStore: "crystalBall", embeddingModel: "tarotEmbeddings" },
      ],
    });
    const tools = [
      node("toolAgentflow", { toolAgentflowSelectedTool: "telephone" }),
      node("toolAgentflow", { selectedTool: "telegraph" }, 1),
    ];
    const missing = ["oracle", "crystalBall", "tarotEmbeddings", "telephone", "telegraph"];
    const { unsupported } = await plan(chain(start(), agent, ...tools));
    expect(unsupported.toSorted()).toEqual(missing.toSorted());
  });

  test("references to nodes that are not there", async () => {
    expect(await messages(chain(start(), reply("{{ llmAgentflow_4.output.x }}")))).toEqual([
      "directReplyAgentflow_0 refers to llmAgentflow_4, which is not in the flow",
    ]);
    expect(await messages(chain(start(), reply("{{ question }} {{ output }} {{ x }}")))).toEqual(
      [],
    );
  });

  test("cycles, whatever their length", async () => {
    const all = Array.from({ length: 5 }, (_, i) => reply("x", i));
    for (const back of [0, 2, 4]) {
      const graph = chain(start(), ...all);
      const cycle = { ...graph, edges: [...graph.edges, edge(all[4]!, all[back]!)] };
      expect(await messages(cycle)).toEqual([
        `directReplyAgentflow_${back} is part of a cycle; only a Loop node may go back`,
      ]);
    }
  });

  test("a diamond is no cycle", async () => {
    const [a, b, c] = [reply("a"), reply("b", 1), reply("c", 2)];
    const begin = start();
    const edges = [edge(begin, a), edge(begin, b), edge(a, c), edge(b, c)];
    expect(await messages({ nodes: [begin, a, b, c], edges })).toEqual([]);
  });

  test("a second start, and loops to nowhere", async () => {
    const graph = chain(start(), reply("x"));
    const second = { ...start(), id: "startAgentflow_1" };
    expect(await messages({ ...graph, nodes: [...graph.nodes, second] })).toEqual([
      "Multiple starting nodes are not allowed",
    ]);
    const loop = node("loopAgentflow", { loopBackToNode: "llmAgentflow_3-LLM" });
    expect(await messages(chain(start(), loop))).toEqual([
      "loopAgentflow_0 loops back to llmAgentflow_3, which is not in the flow",
    ]);
  });
});

test("a chain of two thousand nodes is planned without trouble", async () => {
  const all = Array.from({ length: 2000 }, (_, i) => reply("x", i));
  const { problems, nodes } = await plan(chain(start(), ...all));
  expect([problems, nodes.size]).toEqual([[], 2001]);
}, 30_000);

test.each([
  [["startAgentflow"], "AGENTFLOW"],
  [["chatOpenAI", "llmChain"], "CHATFLOW"],
  [[], "CHATFLOW"],
])("a flow of %j is a %s", (names, expected) => {
  const nodes = names.map((name, i) => ({ id: `${name}_${i}`, data: { name } }));
  expect(inferFlowType(FlowGraph.parse({ nodes, edges: [] }))).toBe(expected);
});
