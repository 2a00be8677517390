import type { HistoryMessage } from "@sluice/engine/event";
import type { Db } from "../database/open-database.ts";
import type { ChatMessage } from "./chat-message.ts";

/** Fields that go along with a remembered message, by column. */
const extras = {
  fileUploads: "file_uploads",
  artifacts: "artifacts",
  fileAnnotations: "file_annotations",
  usedTools: "used_tools",
} as const;

/** The newest `limit` messages of a conversation, oldest first, as memory reads them. */
export async function pastMessages(
  db: Db,
  flowId: string,
  sessionId: string,
  limit = 1_000,
): Promise<HistoryMessage[]> {
  const rows = await db
    .selectFrom("chat_message")
    .select(["role", "content", ...Object.values(extras)])
    .where("chatflowid", "=", flowId)
    .where("session_id", "=", sessionId)
    .orderBy("seq", "desc")
    .limit(limit)
    .execute();
  return rows.toReversed().map(toHistoryMessage);
}

type Remembered = Pick<ChatMessage, "role" | "content" | (typeof extras)[keyof typeof extras]>;

export function toHistoryMessage(row: Remembered): HistoryMessage {
  const role = row.role === "apiMessage" ? "assistant" : "user";
  const additional = Object.entries(extras).flatMap(([name, column]) => {
    const text = row[column];
    return text ? [[name, JSON.parse(text) as unknown] as const] : [];
  });
  if (additional.length === 0) return { role, content: row.content };
  return { role, content: row.content, additional_kwargs: Object.fromEntries(additional) };
}
