import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { edge, node, reply, start, type TestNode } from "../../../test/flows.ts";
import { FlowGraph } from "./graph.ts";
import { planFlow } from "./plan.ts";
import { releaseWaiting, route } from "./routing.ts";
import { newRunState } from "./run-state.ts";

type Edge = ReturnType<typeof edge>;
const when = (decision: TestNode, output: number, to: TestNode): Edge => ({
  ...edge(decision, to),
  sourceHandle: `${decision.id}-output-${output}`,
});
const choice = (number = 0) => node("conditionAgentflow", {}, number);

/** The order in which nodes run when decisions take these outputs; -1 fulfils none. */
async function order(nodes: TestNode[], edges: Edge[], taken: Record<string, number> = {}) {
  const plan = await planFlow(FlowGraph.parse({ nodes, edges }), "AGENTFLOW");
  const run = newRunState(plan.startId);
  const ran: string[] = [];
  while (run.queue.length > 0 || releaseWaiting(plan, run)) {
    const id = run.queue.shift()!;
    if (ran.length > 1000) throw new Error("It does not end");
    const planned = plan.nodes.get(id)!;
    ran.push(id);
    run.records.push({
      nodeId: id,
      nodeLabel: id,
      data: { id, name: planned.name },
      previousNodeIds: [],
      status: "FINISHED",
    });
    const conditions = [0, 1, 2].map((output) => ({ isFulfilled: taken[id] === output }));
    route(plan, planned, planned.definition.decides ? { conditions } : {}, run);
  }
  return ran.map((id) => id.replace("directReplyAgentflow_", "r").replace(/Agentflow_/, ""));
}

const [begin, a, b, c, d] = [start(), reply("a"), reply("b", 1), reply("c", 2), reply("d", 3)];
const [c0, c1] = [choice(0), choice(1)];

describe("without decisions", () => {
  test("children run in the order of their edges, one after another", async () => {
    const edges = [edge(begin, b), edge(begin, a), edge(begin, c)];
    expect(await order([begin, a, b, c], edges)).toEqual(["start0", "r1", "r0", "r2"]);
  });

  test("a join runs once, after all its parents", async () => {
    const edges = [edge(begin, a), edge(begin, b), edge(a, c), edge(b, c), edge(c, d)];
    expect(await order([begin, a, b, c, d], edges)).toEqual(["start0", "r0", "r1", "r2", "r3"]);
  });

  test("a join with a shorter way waits for the longer", async () => {
    const edges = [edge(begin, c), edge(begin, a), edge(a, b), edge(b, c)];
    expect(await order([begin, a, b, c], edges)).toEqual(["start0", "r0", "r1", "r2"]);
  });

  test("any graph runs each node once, and after its parents", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 12,
        }),
        async (picks) => {
          const nodes = [begin, ...picks.map((_, i) => reply("x", i))];
          const edges = picks.flatMap((parents, i) =>
            [...new Set(parents.map((parent) => parent % (i + 1)))].map((parent) =>
              edge(nodes[parent]!, nodes[i + 1]!),
            ),
          );
          const ran = await order(nodes, edges);
          expect([...ran].sort()).toEqual(["start0", ...picks.map((_, i) => `r${i}`)].sort());
          const name = (id: string) =>
            id.replace("directReplyAgentflow_", "r").replace("Agentflow_", "");
          for (const { source, target } of edges)
            expect(ran.indexOf(name(source))).toBeLessThan(ran.indexOf(name(target)));
        },
      ),
      { numRuns: 100 },
    ));
});

describe("with a decision", () => {
  const legs = [edge(begin, c0), when(c0, 0, a), when(c0, 1, b)];

  test.each([
    [0, "r0"],
    [1, "r1"],
  ])("output %d runs %s alone", async (output, expected) => {
    const ran = await order([begin, c0, a, b], legs, { [c0.id]: output });
    expect(ran).toEqual(["start0", "condition0", expected]);
  });

  test("that fulfils nothing takes the last output", async () => {
    const edges = [...legs, when(c0, 2, c)];
    expect(await order([begin, c0, a, b, c], edges, { [c0.id]: -1 })).toEqual([
      "start0",
      "condition0",
      "r2",
    ]);
  });

  test("branches that join run what follows once, whichever was taken", async () => {
    const edges = [...legs, edge(a, c), edge(b, c)];
    for (const output of [0, 1])
      expect(await order([begin, c0, a, b, c], edges, { [c0.id]: output })).toEqual([
        "start0",
        "condition0",
        `r${output}`,
        "r2",
      ]);
  });

  test("all that hangs on an output runs, all that hangs on another does not", async () => {
    const edges = [edge(begin, c0), when(c0, 0, a), when(c0, 1, b), when(c0, 1, c)];
    const nodes = [begin, c0, a, b, c];
    expect(await order(nodes, edges, { [c0.id]: 0 })).toEqual(["start0", "condition0", "r0"]);
    expect(await order(nodes, edges, { [c0.id]: 1 })).toEqual(["start0", "condition0", "r1", "r2"]);
  });

  test("both outputs may lead to one node", async () => {
    const edges = [edge(begin, c0), when(c0, 0, a), when(c0, 1, a)];
    for (const output of [0, 1])
      expect(await order([begin, c0, a], edges, { [c0.id]: output })).toEqual([
        "start0",
        "condition0",
        "r0",
      ]);
  });

  test("a join does not wait for a branch that was not taken, however long", async () => {
    // begin → d → c and begin → c0 → (a → b → c | nothing)
    const edges = [
      edge(begin, d),
      edge(begin, c0),
      when(c0, 0, a),
      edge(a, b),
      edge(b, c),
      edge(d, c),
    ];
    const nodes = [begin, a, b, c, d, c0];
    expect(await order(nodes, edges, { [c0.id]: 1 })).toEqual(["start0", "r3", "condition0", "r2"]);
    expect(await order(nodes, edges, { [c0.id]: 0 })).toEqual([
      "start0",
      "r3",
      "condition0",
      "r0",
      "r1",
      "r2",
    ]);
  });

  test("a join of two decisions waits for one branch of each", async () => {
    const edges = [
      edge(begin, c0),
      edge(begin, c1),
      when(c0, 0, a),
      when(c0, 1, b),
      when(c1, 0, c),
      edge(a, d),
      edge(b, d),
      edge(c, d),
    ];
    const nodes = [begin, a, b, c, d, c0, c1];
    expect(await order(nodes, edges, { [c0.id]: 1, [c1.id]: 0 })).toEqual([
      "start0",
      "condition0",
      "condition1",
      "r1",
      "r2",
      "r3",
    ]);
  });

  test("what only untaken branches lead to never runs, and does not keep the run from ending", async () => {
    const edges = [
      edge(begin, c0),
      when(c0, 0, a),
      when(c0, 1, c1),
      when(c1, 0, b),
      when(c1, 1, c),
    ];
    expect(await order([begin, a, b, c, c0, c1], edges, { [c0.id]: 0 })).toEqual([
      "start0",
      "condition0",
      "r0",
    ]);
  });

  test("no join keeps any graph from ending while one of its ways has come", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            parents: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
            output: fc.nat(1),
            decides: fc.boolean(),
            takes: fc.nat(1),
          }),
          {
            minLength: 1,
            maxLength: 10,
          },
        ),
        async (picks) => {
          const made = picks.map(({ decides }, i) => (decides ? choice(i) : reply("x", i)));
          const nodes = [begin, ...made];
          const edges = picks.flatMap(({ parents, output }, i) =>
            [...new Set(parents.map((parent) => parent % (i + 1)))].map((parent) => {
              const from = nodes[parent]!;
              const decides = parent > 0 && picks[parent - 1]!.decides;
              return decides ? when(from, output, made[i]!) : edge(from, made[i]!);
            }),
          );
          const taken = Object.fromEntries(picks.map(({ takes }, i) => [made[i]!.id, takes]));
          const ran = new Set(await order(nodes, edges, taken));
          const name = (id: string) =>
            id.replace("directReplyAgentflow_", "r").replace("Agentflow_", "");
          const comes = ({ source, sourceHandle }: Edge) => {
            const output = /-output-(\d)$/.exec(sourceHandle)?.[1];
            const isTaken = output === undefined || Number(output) === taken[source];
            return ran.has(name(source)) && isTaken;
          };
          for (const { id } of made)
            expect(ran.has(name(id))).toBe(edges.some((one) => one.target === id && comes(one)));
        },
      ),
      { numRuns: 200 },
    ));
});
