import type { NodeRecord, RunStatus } from "./event.ts";
import type { NodeResult } from "./node.ts";
import type { PlannedNode } from "./plan.ts";

/** The item of an iteration that a node runs for. */
export interface IterationItem {
  index: number;
  value: unknown;
  isFirst: boolean;
  isLast: boolean;
  sessionId: string;
}

/** Where in an iteration a record was made. */
export interface RecordPlace {
  iteration: IterationItem;
  parentNodeId: string;
}

export function recordOf(node: PlannedNode, result: NodeResult, place?: RecordPlace): NodeRecord {
  return {
    nodeId: node.id,
    nodeLabel: node.label,
    data: {
      id: node.id,
      name: node.name,
      input: result.input,
      output: result.output,
      state: result.state ?? {},
      ...(result.chatHistory && { chatHistory: result.chatHistory }),
      ...(place && {
        iterationIndex: place.iteration.index,
        iterationContext: place.iteration,
        parentNodeId: place.parentNodeId,
      }),
    },
    previousNodeIds: node.parents,
    status: "FINISHED",
  };
}

export function failureRecordOf(
  node: PlannedNode,
  status: "ERROR" | "TERMINATED",
  error: string,
): NodeRecord {
  return {
    nodeId: node.id,
    nodeLabel: node.label,
    previousNodeIds: node.parents,
    data: { id: node.id, name: node.name, error },
    status,
  };
}

export function statusOf(records: NodeRecord[]): RunStatus {
  for (const status of ["TERMINATED", "ERROR", "STOPPED"] as const)
    if (records.some((record) => record.status === status)) return status;
  return "FINISHED";
}

/** What the last node said; empty when it said nothing. */
export function lastContent(records: NodeRecord[]): string {
  const content = records.at(-1)?.data.output?.content;
  if (typeof content === "string") return content;
  return content ? String(content) : "";
}
