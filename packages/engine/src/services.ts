import type { CodeRunner } from "./code.ts";
import type { FlowEvent, HistoryMessage, NodeRecord } from "./event.ts";
import type { GuardedFetch } from "./http/guarded-fetch.ts";
import type { StoredKnowledge } from "./knowledge.ts";
import type { FileParser } from "./parse/file-parser.ts";
import type { RedisClients } from "./redis-clients.ts";
import type { Document } from "./retrieval/document.ts";
import type { PostgresClients } from "./retrieval/postgres-clients.ts";
import type { RunState } from "./run-state.ts";
import type { RunTrace } from "./run-trace.ts";
import type { SharedCache } from "./shared-cache.ts";
import type { Subflow, SubflowCall } from "./subflow.ts";
import type { Mcp } from "./tools/mcp/mcp.ts";

/** Everything a run may touch outside itself. The engine does no other I/O. */
export interface Services {
  fetch: GuardedFetch;
  code: CodeRunner;
  /** Absent where MCP servers cannot be used. */
  mcp?: Mcp;
  /** Absent where vector stores in PostgreSQL cannot be used. */
  postgres?: PostgresClients;
  /** Absent where a Redis of the author's own cannot be used. */
  redis?: RedisClients;
  /** Absent where nobody traces. */
  trace?: RunTrace;
  /** Absent where nothing is kept between runs. */
  cache?: SharedCache;
  /** Fields of a stored credential; an empty object for an empty id. Rejects when the id is unknown. */
  credential(id: string): Promise<Record<string, string>>;
  /** All variables by name, run-time ones read from the operator's environment. */
  variables(): Promise<Record<string, string>>;
  tool(id: string): Promise<CustomTool>;
  /** A document store; rejects when there is none with this id. */
  documentStore(id: string): Promise<StoredKnowledge>;
  /** Every document that was loaded into a document store. Absent where they cannot be read. */
  storedDocuments?(id: string): Promise<Document[]>;
  /** Absent where users' files and web pages cannot be read. */
  parser?: FileParser;
  /** Content of a file that was uploaded in this conversation. */
  file(name: string): Promise<Buffer>;
  /** Text of a file that came whole with an earlier question of it. Absent where texts are not kept. */
  fileText?(name: string): Promise<string>;
  /** Keeps a file with those of this conversation and returns its name there. Absent where nothing can be kept. */
  saveFile?(name: string, content: Buffer): Promise<string>;
  /** Saved messages of this flow and session, oldest first. */
  pastMessages(sessionId: string): Promise<HistoryMessage[]>;
  /** The newest execution of this flow and session, if any. */
  previousExecution(
    sessionId: string,
  ): Promise<{ state: string; records: NodeRecord[] } | undefined>;
  /** Another flow, to be run inside this run through `runSubflow`. Rejects when there is none with this id. */
  subflow(call: SubflowCall): Promise<Subflow>;
  /** Takes an event; never waits. */
  emit(event: FlowEvent): void;
  /** Called after every finished node with a state from which the run can go on elsewhere. */
  checkpoint(state: RunState): void;
  signal: AbortSignal;
  now(): number;
  newId(): string;
  /** Base URLs an operator set for model providers, by provider. */
  modelBaseUrls: Record<string, string | undefined>;
  limits: { maxIterations: number; maxLoopCount: number };
}

/** A tool an author wrote: a row of `tool`. */
export interface CustomTool {
  id: string;
  name: string;
  description: string;
  /** Rows of `{property, type, description, required}`. */
  schema: unknown[];
  code: string;
}
