import type { NodeResult } from "./node.ts";
import type { PlannedNode } from "./plan.ts";
import type { RunContext } from "./run.ts";

/** Goes back to an earlier node, or says that it has been there often enough. */
export function loopBack(
  { run, services, topLevel }: RunContext,
  node: PlannedNode,
  { to, max, fallback }: NonNullable<NodeResult["loop"]>,
): void {
  const count = (run.loopCounts[node.id] ?? 0) + 1;
  if (count < max) {
    run.loopCounts[node.id] = count;
    run.loopCount = count;
    run.queue.push(to);
    return;
  }
  if (topLevel) services.emit({ type: "text.delta", nodeId: node.id, text: fallback });
  // A new record: the one that was told of is the reader's.
  const record = run.records.pop()!;
  const output = { ...record.data.output, content: fallback };
  run.records.push({ ...record, data: { ...record.data, output } });
}
