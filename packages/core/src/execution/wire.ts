import { z } from "zod";
import { isUuid } from "../database/uuid.ts";
import { workspaceId } from "../database/workspace.ts";
import type { Execution } from "./execution.ts";

/** An execution on Flowise's wire. */
export const ExecutionReply = z.object({
  id: z.string(),
  executionData: z.string(),
  state: z.string(),
  agentflowId: z.string(),
  sessionId: z.string(),
  action: z.string().nullable(),
  isPublic: z.boolean(),
  createdDate: z.string(),
  updatedDate: z.string(),
  stoppedDate: z.string().nullable(),
  workspaceId: z.string(),
  agentflow: z.object({ id: z.string(), name: z.string() }).nullable(),
});
export type ExecutionReply = z.infer<typeof ExecutionReply>;

export function toExecutionReply(row: Execution): ExecutionReply {
  return {
    id: row.id,
    executionData: row.execution_data,
    state: row.state,
    agentflowId: row.agentflow_id,
    sessionId: row.session_id,
    action: row.action,
    isPublic: row.is_public,
    createdDate: row.created_date.toISOString(),
    updatedDate: row.updated_date.toISOString(),
    stoppedDate: row.stopped_date?.toISOString() ?? null,
    workspaceId,
    agentflow: row.flow_name === null ? null : { id: row.agentflow_id, name: row.flow_name },
  };
}

/** The same for somebody without a key: no credential is named. */
export function toPublicExecution(row: Execution): ExecutionReply {
  const records = withoutCredentials(JSON.parse(row.execution_data));
  return { ...toExecutionReply(row), executionData: JSON.stringify(records) };
}

// A field named `credential` may be an author's own data: only ids are taken out.
const holdsCredential = (key: string, value: unknown) =>
  key === "FLOWISE_CREDENTIAL_ID" ||
  (key === "credential" && typeof value === "string" && isUuid(value));

/** A copy without the fields, at any depth, that hold a credential's id. */
export function withoutCredentials(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCredentials);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !holdsCredential(key, inner))
      .map(([key, inner]) => [key, withoutCredentials(inner)]),
  );
}
