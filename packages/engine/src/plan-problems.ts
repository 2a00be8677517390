import type { PlannedNode } from "./plan.ts";
import { referencesIn } from "./reference.ts";

export interface Problem {
  nodeId: string;
  message: string;
}

/** Mistakes in the drawing of a flow that would end every run of it. */
export function findProblems(
  nodes: Map<string, PlannedNode>,
  starts: PlannedNode[],
  reachable: Set<string>,
): Problem[] {
  if (starts.length === 0) return [];
  const problems: Problem[] = [];
  if (starts.length > 1)
    problems.push({ nodeId: starts[1]!.id, message: "Multiple starting nodes are not allowed" });
  for (const id of reachable) {
    const node = nodes.get(id)!;
    for (const name of missingReferences(node, nodes))
      problems.push({
        nodeId: id,
        message: `${node.label} refers to ${name}, which is not in the flow`,
      });
    const mistake = misplaced(node, nodes);
    if (mistake) problems.push({ nodeId: id, message: `${node.label} ${mistake}` });
  }
  const cycle = findCycle(nodes, reachable);
  if (cycle)
    problems.push({
      nodeId: cycle,
      message: `${nodes.get(cycle)!.label} is part of a cycle; only a Loop node may go back`,
    });
  return problems;
}

function misplaced(node: PlannedNode, nodes: Map<string, PlannedNode>): string | undefined {
  if (node.name === "humanInputAgentflow" && node.parentNode)
    return "is inside an iteration, where a run cannot wait for a human; put it before or after";
  if (node.name !== "loopAgentflow") return undefined;
  const id = loopTarget(node.inputs.loopBackToNode);
  const target = nodes.get(id);
  if (!target) return `loops back to ${id || "nothing"}, which is not in the flow`;
  return target.parentNode === node.parentNode
    ? undefined
    : `loops back to ${target.label} across the border of an iteration`;
}

/** `loopBackToNode` is `<node id>-<label>`. */
export const loopTarget = (value: unknown): string => String(value ?? "").split("-")[0] ?? "";

function missingReferences(node: PlannedNode, nodes: Map<string, PlannedNode>): Set<string> {
  const missing = new Set<string>();
  for (const compiled of Object.values(node.compiled))
    for (const reference of referencesIn(compiled)) {
      const id = reference.split(".")[0] ?? "";
      if (/^[a-z]\w*Agentflow_\d+$/.test(id) && !nodes.has(id)) missing.add(id);
    }
  return missing;
}

function findCycle(nodes: Map<string, PlannedNode>, reachable: Set<string>): string | undefined {
  const done = new Set<string>();
  for (const root of reachable) {
    if (done.has(root)) continue;
    // An explicit stack: a long chain of nodes must not exhaust the call stack.
    const stack: { id: string; next: number }[] = [{ id: root, next: 0 }];
    const open = new Set([root]);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const child = nodes.get(top.id)?.children[top.next++]?.target;
      if (child === undefined) {
        stack.pop();
        open.delete(top.id);
        done.add(top.id);
      } else if (open.has(child)) return child;
      else if (!done.has(child)) {
        open.add(child);
        stack.push({ id: child, next: 0 });
      }
    }
  }
  return undefined;
}
