import type { HistoryMessage, NodeRecord } from "./event.ts";

/** All that a run remembers between two nodes, as plain JSON: from here it can go on in another process. */
export interface RunState {
  /** Nodes to run, in order. */
  queue: string[];
  records: NodeRecord[];
  state: Record<string, unknown>;
  /** Messages added by nodes of this run. */
  history: HistoryMessage[];
  /** Node id → sources that have arrived so far. */
  waiting: Record<string, string[]>;
  /** Sources that will not run, seen from a node that may wait for them: `<source>→<target>`. */
  dead: string[];
  /** Loop node id → how often it went back. */
  loopCounts: Record<string, number>;
  /** How often the loop node that went back last has done so. */
  loopCount: number;
  form: Record<string, unknown> | undefined;
  /** Payload that the run began with. */
  webhook?: Record<string, unknown> | undefined;
  /** True once the Start node asked for a conversation that remembers nothing. */
  ephemeral: boolean;
  passes: number;
  /** How often the run waited for a human. */
  pauses?: number;
  /** What the run had said when it last did. */
  saidBefore?: HistoryMessage[];
  /** How far the node at the head of the queue had come when it last said so. */
  reached?: { nodeId: string; keep: unknown } | undefined;
  /** How far the iteration at the head of the queue has come. */
  iteration?: IterationProgress | undefined;
  /** The node that waits for a human; it stays at the head of the queue. */
  paused?: Pause | undefined;
  /** The node that gets the human's answer. */
  resuming?: Omit<Pause, "action"> | undefined;
}

export interface IterationProgress {
  nodeId: string;
  items: unknown[];
  /** The item that comes next. */
  index: number;
  results: string[];
  records: NodeRecord[];
}

export interface Pause {
  nodeId: string;
  /** What the human is asked. */
  action: Record<string, unknown>;
  /** What the node wants back when it goes on. */
  keep?: unknown;
}

export const newRunState = (start: string): RunState => ({
  queue: [start],
  records: [],
  state: {},
  history: [],
  waiting: {},
  dead: [],
  loopCounts: {},
  loopCount: 0,
  form: undefined,
  ephemeral: false,
  passes: 0,
});
