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
  loopCounts: Record<string, number>;
  loopCount: number;
  form: Record<string, unknown> | undefined;
  /** True once the Start node asked for a conversation that remembers nothing. */
  ephemeral: boolean;
  passes: number;
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
