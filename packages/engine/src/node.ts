import type { z } from "zod";
import type { FlowEvent, HistoryMessage } from "./event.ts";
import type { FlowFix } from "./flow-fix.ts";
import type { IterationItem } from "./record.ts";
import type { RunInput } from "./run-input.ts";
import type { RunState } from "./run-state.ts";
import type { Services } from "./services.ts";

/** What a node of an agentflow is given beside its inputs. */
export interface NodeRun {
  nodeId: string;
  label: string;
  /** The node's resolved inputs before they were parsed, embedded `…Config` objects included. */
  rawInputs: Record<string, unknown>;
  /** Id of the credential chosen on the node itself. */
  credentialId: string | undefined;
  request: RunInput;
  /** What the user said: question with file text, form as lines, or the webhook's payload. */
  input: string | undefined;
  run: RunState;
  /** Nothing follows: what the node says is the answer, so it may stream it. */
  isLast: boolean;
  /** The item that this execution is for, in the body of an iteration. */
  iteration: IterationItem | undefined;
  /** The answer of the human that this node waited for. */
  resumed?: Resumed | undefined;
  /** What {@link NodeRun.reach} was given last in an earlier attempt at this execution. */
  reached: unknown;
  /** Keeps how far the node has come, for an attempt elsewhere to go on from. Takes no copy. */
  reach(keep: unknown): void;
  /** Names this execution of the node in all attempts at it; another round of a loop has another name. */
  executionId(): string | undefined;
  /** Saved messages of the conversation, loaded on first use. */
  past(): Promise<HistoryMessage[]>;
  variables(): Promise<Record<string, string>>;
  /** Looks up the references in a value that the node's own inputs leave alone, such as an embedded config. */
  resolve(value: unknown): Promise<unknown>;
  flow: Record<string, unknown>;
  scope: string;
  /** Oddities of Flowise that the flow's author had put right. */
  fixes?: ReadonlySet<FlowFix>;
  services: Services;
  emit(event: FlowEvent): void;
}

export interface Resumed {
  humanInput: { type: string; startNodeId: string; feedback?: string };
  /** What the node asked to be kept when it paused. */
  keep: unknown;
}

/** What a node leaves behind; the engine acts on the last three. */
export interface NodeResult {
  input: unknown;
  output: Record<string, unknown>;
  /** The run's whole state, where the node changes it itself. */
  state?: Record<string, unknown>;
  chatHistory?: HistoryMessage[];
  /** Goes back to a node; after the `max`-th execution of that node says `fallback` instead. */
  loop?: { to: string; max: number; fallback: string };
  /** Items that the body of the node runs for. */
  iterate?: unknown[];
  /** Waits for a human; the content is the question. `keep` comes back in {@link NodeRun.resumed}. */
  pause?: { keep?: unknown };
}

export interface AgentflowNode {
  /** Flowise's name, as exported flows spell it. */
  name: string;
  /** The input that holds "update state" rows, where the node has one. */
  updateState?: string;
  /** Its outputs are branches of which one is taken. */
  decides?: boolean;
  /** Inputs that name an embedded component, or have rows that do, for checks before a run. */
  embeds?: { models?: string[]; tools?: string[]; knowledge?: string };
  execute(inputs: Record<string, unknown>, run: NodeRun): Promise<NodeResult>;
}

/** Declares an agentflow node. Inputs are parsed for it; it reads no environment. */
export function defineNode<I>(
  node: Omit<AgentflowNode, "execute"> & {
    inputs: z.ZodType<I>;
    run(inputs: I, run: NodeRun): Promise<NodeResult> | NodeResult;
  },
): AgentflowNode {
  const { inputs: schema, run, ...declaration } = node;
  return {
    ...declaration,
    async execute(inputs, context) {
      const parsed = schema.safeParse(inputs);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw new Error(`${context.label}: ${issue?.path.join(".")}: ${issue?.message}`);
      }
      return run(parsed.data, context);
    },
  };
}
