import { withoutCredentials } from "@sluice/engine/without-credentials";
import { z } from "zod";
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
