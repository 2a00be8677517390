/** One question put to a flow. */
export interface RunInput {
  flowId: string;
  chatId: string;
  sessionId: string;
  /** Id that the answer's message will have. */
  messageId: string;
  question?: string;
  form?: Record<string, unknown>;
  webhook?: Record<string, unknown>;
  history?: unknown;
  overrideConfig?: Record<string, unknown>;
  uploads?: Upload[];
  humanInput?: { type: string; startNodeId?: string; feedback?: string };
  /** Names the run in all attempts at it. Absent where attempts have nothing in common. */
  runId?: string;
  /** Someone listens while the answer comes. */
  stream?: boolean;
  /** Ids of the flows that this one is run for, the outermost first. */
  callers?: string[];
  /** What a caller may override; undefined means nothing. */
  permissions?: OverridePermissions;
  /** True when the conversation is known to be new, so that nothing needs to be loaded. */
  newConversation?: boolean;
}

export interface Upload {
  type: string;
  name: string;
  mime?: string;
  data?: string;
}

/** `apiConfig.overrideConfig` of a flow, by node label. */
export interface OverridePermissions {
  nodes: Record<string, Set<string>>;
  variables: Set<string>;
}

/** Reads `apiConfig.overrideConfig`; undefined when overriding is off. */
export function readPermissions(apiConfig: unknown): OverridePermissions | undefined {
  const config = (apiConfig as { overrideConfig?: Record<string, unknown> } | null)?.overrideConfig;
  if (config?.status !== true) return undefined;
  const enabled = (rows: unknown) =>
    new Set(
      (Array.isArray(rows) ? rows : [])
        .filter((row) => row?.enabled === true && typeof row.name === "string")
        .map((row) => row.name as string),
    );
  const nodes = Object.entries((config.nodes as Record<string, unknown>) ?? {});
  return {
    nodes: Object.fromEntries(nodes.map(([label, rows]) => [label, enabled(rows)])),
    variables: enabled(config.variables),
  };
}
