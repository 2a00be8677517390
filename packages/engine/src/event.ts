import type { Usage } from "./model.ts";

/** What a run tells of itself, in order. Dialects turn these into wire frames. */
export type FlowEvent =
  /** `records` are those of the segments before, when a paused run goes on. */
  | { type: "flow.started"; records?: NodeRecord[] }
  | { type: "node.started"; nodeId: string; label: string }
  /** A chatflow begins its answer with this text, which comes again as a delta. */
  | { type: "chat.started"; nodeId: string; text: string }
  | { type: "text.delta"; nodeId: string; text: string }
  | { type: "reasoning.delta"; nodeId: string; text: string }
  /** `durationS` in seconds. */
  | { type: "reasoning.finished"; nodeId: string; durationS: number }
  | { type: "tool.called"; nodeId: string; calls: CalledTool[] }
  | { type: "tool.used"; nodeId: string; tools: UsedTool[] }
  | { type: "sources.found"; nodeId: string; documents: unknown[] }
  | { type: "artifacts.made"; nodeId: string; artifacts: unknown[] }
  | { type: "files.cited"; nodeId: string; files: unknown[] }
  | { type: "usage"; nodeId: string; usage: Usage }
  /** `records` are the node's own record last, before it those of an iteration's body. */
  | { type: "node.finished"; nodeId: string; label: string; inner: boolean; records: NodeRecord[] }
  | { type: "node.stopped"; nodeId: string; label: string; record: NodeRecord }
  | {
      type: "node.failed";
      nodeId: string;
      label: string;
      inner: boolean;
      status: "ERROR" | "TERMINATED";
      error: string;
      record: NodeRecord;
    }
  /** A worker went away in the middle of a node: readers drop what they have of it. */
  | { type: "node.restarted"; nodeId: string; label: string }
  | { type: "flow.paused"; action: Record<string, unknown> }
  | { type: "flow.finished"; status: RunStatus };

export interface CalledTool {
  tool: string;
  toolInput: unknown;
  toolOutput: string;
}

export interface UsedTool {
  tool: string;
  toolInput: unknown;
  toolOutput: unknown;
  sourceDocuments?: unknown[];
  artifacts?: unknown[];
  error?: string;
}

/** Flowise's words for how a node or a run ended; they are on its wire. */
export type NodeStatus = "FINISHED" | "ERROR" | "TERMINATED" | "STOPPED" | "INPROGRESS";
export type RunStatus = "FINISHED" | "ERROR" | "TERMINATED" | "STOPPED";

/** One executed node, in the shape of Flowise's execution record. */
export interface NodeRecord {
  nodeId: string;
  nodeLabel: string;
  data: {
    id: string;
    name: string;
    input?: unknown;
    output?: Record<string, unknown>;
    state?: Record<string, unknown>;
    chatHistory?: HistoryMessage[];
    error?: string;
    iterationIndex?: number;
    iterationContext?: unknown;
    parentNodeId?: string;
  };
  previousNodeIds: string[];
  status: NodeStatus;
}

/** A message of a conversation as records and memory hold it. */
export interface HistoryMessage {
  role: string;
  content: unknown;
  name?: string;
  tool_call_id?: string;
  tool_calls?: unknown[];
  additional_kwargs?: Record<string, unknown>;
}
