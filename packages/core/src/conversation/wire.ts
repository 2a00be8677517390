import { z } from "zod";
import { workspaceId } from "../database/workspace.ts";
import type { Feedback, ListedMessage } from "./chat-message.ts";
import type { Lead } from "./lead.ts";

export const FeedbackReply = z.object({
  id: z.string(),
  chatflowid: z.string(),
  chatId: z.string(),
  messageId: z.string(),
  rating: z.string().nullable(),
  content: z.string().nullable(),
  createdDate: z.string(),
});
export type FeedbackReply = z.infer<typeof FeedbackReply>;

export function toFeedbackReply(row: Feedback): FeedbackReply {
  return {
    id: row.id,
    chatflowid: row.chatflowid,
    chatId: row.chat_id,
    messageId: row.message_id,
    rating: row.rating,
    content: row.content,
    createdDate: row.created_date.toISOString(),
  };
}

export const LeadReply = z.object({
  id: z.string(),
  chatflowid: z.string(),
  chatId: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  createdDate: z.string(),
});
export type LeadReply = z.infer<typeof LeadReply>;

export function toLeadReply(row: Lead): LeadReply {
  return {
    id: row.id,
    chatflowid: row.chatflowid,
    chatId: row.chat_id,
    name: row.name,
    email: row.email,
    phone: row.phone,
    createdDate: row.created_date.toISOString(),
  };
}

/** A message on Flowise's wire; columns that hold JSON are parsed, `followUpPrompts` is not. */
export const MessageReply = z.looseObject({
  id: z.string(),
  role: z.string(),
  chatflowid: z.string(),
  content: z.string(),
  chatType: z.string(),
  chatId: z.string(),
  createdDate: z.string(),
});

export function toMessageReply(row: ListedMessage) {
  return {
    id: row.id,
    role: row.role,
    chatflowid: row.chatflowid,
    executionId: row.execution_id,
    content: row.content,
    sourceDocuments: parsed(row.source_documents),
    usedTools: parsed(row.used_tools),
    fileAnnotations: parsed(row.file_annotations),
    agentReasoning: parsed(row.agent_reasoning),
    reasonContent: parsed(row.reason_content),
    fileUploads: parsed(row.file_uploads),
    artifacts: parsed(row.artifacts),
    action: parsed(row.action),
    chatType: row.chat_type,
    chatId: row.chat_id,
    memoryType: row.memory_type,
    sessionId: row.session_id,
    leadEmail: row.lead_email,
    followUpPrompts: row.follow_up_prompts,
    createdDate: row.created_date.toISOString(),
    execution: row.execution && joinedExecution(row.execution),
    ...(row.feedback !== undefined && { feedback: row.feedback && toFeedbackReply(row.feedback) }),
  };
}

function joinedExecution(run: NonNullable<ListedMessage["execution"]>) {
  return {
    id: run.id,
    executionData: run.execution_data,
    state: run.state,
    agentflowId: run.agentflow_id,
    sessionId: run.session_id,
    action: run.action,
    isPublic: run.is_public,
    createdDate: run.created_date.toISOString(),
    updatedDate: run.updated_date.toISOString(),
    stoppedDate: run.stopped_date?.toISOString() ?? null,
    workspaceId,
  };
}

const parsed = (text: string | null): unknown => (text ? JSON.parse(text) : null);
