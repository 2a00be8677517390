import type { Plan, PlannedNode } from "./plan.ts";
import type { RunState } from "./run-state.ts";

/**
 * Puts the children that may run now into the queue. A child waits for every plain parent and for one of each
 * group of parents that lie behind the same decision.
 */
export function route(
  plan: Plan,
  node: PlannedNode,
  output: Record<string, unknown>,
  run: RunState,
): void {
  const taken = takenOutput(node, output);
  const dead: PlannedNode[] = [];
  for (const child of node.children) {
    const target = plan.nodes.get(child.target)!;
    if (taken !== undefined && child.output !== undefined && child.output !== taken) {
      if (!leadsTo(node, taken, child.target)) {
        markDead(run, node.id, target.id);
        dead.push(target);
      }
      continue;
    }
    arrive(plan, node.id, target, run);
  }
  for (const target of dead) spreadDeath(plan, target, run);
}

/**
 * Once nothing else can run, queues what waits for branches that were not taken. Not earlier: a loop may yet take them.
 * Tells whether there was something.
 */
export function releaseWaiting(plan: Plan, run: RunState): boolean {
  for (const [id, arrived] of Object.entries(run.waiting))
    if (isReady(plan, plan.nodes.get(id)!, arrived, run.dead)) enqueue(id, run);
  return run.queue.length > 0;
}

function takenOutput(node: PlannedNode, output: Record<string, unknown>): number | undefined {
  if (!node.definition.decides || !Array.isArray(output.conditions)) return undefined;
  const index = output.conditions.findIndex((condition) => condition?.isFulfilled === true);
  return index < 0 ? output.conditions.length - 1 : index;
}

const leadsTo = (node: PlannedNode, output: number, target: string) =>
  node.children.some((child) => child.output === output && child.target === target);

const edge = (source: string, target: string) => `${source}→${target}`;

function markDead(run: RunState, source: string, target: string): void {
  const key = edge(source, target);
  if (!run.dead.includes(key)) run.dead.push(key);
}

function arrive(plan: Plan, source: string, target: PlannedNode, run: RunState): void {
  // A loop brings a dead edge back to life.
  run.dead = run.dead.filter((key) => key !== edge(source, target.id));
  run.waiting[target.id] ??= [];
  const arrived = run.waiting[target.id]!;
  if (!arrived.includes(source)) arrived.push(source);
  if (isReady(plan, target, arrived, [])) enqueue(target.id, run);
}

function enqueue(id: string, run: RunState): void {
  delete run.waiting[id];
  run.queue.push(id);
}

function isReady(plan: Plan, target: PlannedNode, arrived: string[], dead: string[]): boolean {
  const groups = new Map<string, boolean>();
  for (const parent of target.parents) {
    const here = arrived.includes(parent);
    if (!here && dead.includes(edge(parent, target.id))) continue;
    const decision = decisionBehind(plan, parent);
    if (decision) groups.set(decision, (groups.get(decision) ?? false) || here);
    else if (!here) return false;
  }
  return [...groups.values()].every(Boolean);
}

/** The decision that `id` is or lies behind, walking up along first parents. */
function decisionBehind(plan: Plan, id: string): string | undefined {
  const seen = new Set<string>();
  for (
    let node = plan.nodes.get(id);
    node && !seen.has(node.id);
    node = plan.nodes.get(node.parents[0] ?? "")
  ) {
    if (node.definition.decides) return node.id;
    seen.add(node.id);
  }
  return undefined;
}

/** A node none of whose parents can still arrive will not run (again), and neither will what only it leads to. */
function spreadDeath(plan: Plan, node: PlannedNode, run: RunState, seen = new Set<string>()): void {
  if (seen.has(node.id)) return;
  seen.add(node.id);
  const alive =
    run.queue.includes(node.id) ||
    node.parents.some((parent) => !run.dead.includes(edge(parent, node.id)));
  if (alive) return;
  for (const child of node.children) {
    markDead(run, node.id, child.target);
    spreadDeath(plan, plan.nodes.get(child.target)!, run, seen);
  }
}
