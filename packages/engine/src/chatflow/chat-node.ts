import type { z } from "zod";
import type { HistoryMessage } from "../event.ts";
import type { FlowFix } from "../flow-fix.ts";
import type { NodeRun } from "../node.ts";
import type { IndexedDocuments } from "../retrieval/index-documents.ts";
import type { RunInput } from "../run-input.ts";
import type { Services } from "../services.ts";
import type { Voice } from "./voice.ts";

/** The body of an answer as Flowise names its fields: `text` or `json`, `sourceDocuments`, `usedTools`, `artifacts`. */
export type ChatResult = Record<string, unknown>;

/** What a chatflow's nodes share during one run. */
export interface ChatRun {
  request: RunInput;
  services: Services;
  /** What the user asked, with the text of whole files in front. */
  question: string;
  /** Saved messages of the session, oldest first; loaded on first use. */
  past(): Promise<HistoryMessage[]>;
  /** Variables by name, with those that the request may replace. */
  variables(): Promise<Record<string, string>>;
  /** `$flow` as references and code see it. */
  flow: Record<string, unknown>;
  /** What `setVariable` nodes have set. */
  dynamic: Record<string, unknown>;
  /** What they show in the answer. */
  shown: Record<string, unknown>;
  /** A memory is part of the flow. */
  remembers: boolean;
  /** Flow and version: contexts of authors' code are shared only within. */
  scope: string;
  /** What the flow puts right. */
  fixes?: ReadonlySet<FlowFix>;
}

/** One filling of a vector store. */
export interface UpsertRun {
  /** The same when it begins anew elsewhere: what it wrote is written again, not twice. */
  id: string;
  /** Ids that an earlier one could not take out again. */
  left: string[];
}

/** What a node is given beside its inputs. */
export interface ChatNodeRun extends ChatRun {
  nodeId: string;
  name: string;
  label: string;
  /** The chosen output of a node that has several. */
  output: string | undefined;
  credentialId: string | undefined;
  /** Inputs before they were parsed. */
  rawInputs: Record<string, unknown>;
  /** Where the answer is said while it comes; absent while nobody listens. */
  voice?: Voice;
  /** The same, in the form that tools take. */
  asNodeRun(): NodeRun;
}

export interface ChatNode {
  /** Flowise's name, as exported flows spell it. */
  name: string;
  /** Makes what the nodes behind it take. */
  init?(inputs: Record<string, unknown>, context: ChatNodeRun): Promise<unknown>;
  /** Answers, as the node in which the flow ends. */
  run?(inputs: Record<string, unknown>, context: ChatNodeRun): Promise<ChatResult>;
  /** Indexes its documents, as the vector store that an upsert is for. */
  upsert?(
    inputs: Record<string, unknown>,
    context: ChatNodeRun,
    upsert: UpsertRun,
  ): Promise<IndexedDocuments>;
  /** Empties what it holds of sessions, as a memory that is not the flow's own saved messages. */
  forget?(sessionIds: string[], place: MemoryPlace): Promise<void>;
}

/** Where a memory is, outside of any run. */
export interface MemoryPlace {
  credentialId: string | undefined;
  services: Pick<Services, "redis" | "credential" | "signal">;
}

/** Declares a node of a chatflow. Inputs are parsed for it; it reads no environment. */
export function defineChatNode<I>(node: {
  name: string;
  inputs: z.ZodType<I>;
  init?(inputs: I, context: ChatNodeRun): unknown;
  run?(inputs: I, context: ChatNodeRun): Promise<ChatResult> | ChatResult;
  upsert?(inputs: I, context: ChatNodeRun, upsert: UpsertRun): Promise<IndexedDocuments>;
  forget?(sessionIds: string[], place: MemoryPlace): Promise<void>;
}): ChatNode {
  const { name, inputs: schema, init, run, upsert, forget } = node;
  const parse = (inputs: Record<string, unknown>, { label }: ChatNodeRun): I => {
    const parsed = schema.safeParse(inputs);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new Error(`${label}: ${issue?.path.join(".")}: ${issue?.message}`);
  };
  return {
    name,
    ...(init && { init: async (inputs, context) => init(parse(inputs, context), context) }),
    ...(run && { run: async (inputs, context) => run(parse(inputs, context), context) }),
    ...(forget && { forget }),
    ...(upsert && {
      upsert: async (inputs, context, one) => upsert(parse(inputs, context), context, one),
    }),
  };
}
