import type { HistoryMessage } from "@sluice/engine/event";
import type { Pool } from "../database/open-database.ts";
import { openBatches } from "../open-batches.ts";
import type { ChatMessage } from "./chat-message.ts";

/** Fields that go along with a remembered message, by column. */
const extras = {
  fileUploads: "file_uploads",
  artifacts: "artifacts",
  fileAnnotations: "file_annotations",
  usedTools: "used_tools",
} as const;

export interface Conversation {
  flowId: string;
  sessionId: string;
}

const maxMessages = 1_000;
const maxBatch = 50;

/**
 * Reads the newest messages of conversations, oldest first, as memory wants them; conversations asked for in one
 * moment are read by one statement.
 */
export function openPastMessages(pool: Pool, limit = maxMessages) {
  const reads = openBatches<Conversation, HistoryMessage[]>(maxBatch, async (batch) => {
    try {
      const read = await readAll(
        pool,
        batch.map(({ item }) => item),
        limit,
      );
      for (const [i, { resolve }] of batch.entries()) resolve(read[i]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  });
  return reads.add;
}

async function readAll(
  pool: Pool,
  conversations: Conversation[],
  limit: number,
): Promise<HistoryMessage[][]> {
  const { rows } = await pool.query<Remembered & { n: number }>({
    name: "past-messages",
    text: pastMessagesSql,
    values: [
      conversations.map(({ flowId }) => flowId),
      conversations.map(({ sessionId }) => sessionId),
      limit,
    ],
  });
  const read: HistoryMessage[][] = conversations.map(() => []);
  for (const row of rows) read[row.n - 1]!.push(toHistoryMessage(row));
  return read;
}

export const pastMessagesSql = `
select asked.n::int, message.*
from unnest($1::uuid[], $2::text[]) with ordinality as asked(flow_id, session_id, n)
cross join lateral (
  select seq, role, content, ${Object.values(extras).join(", ")} from chat_message
  where chatflowid = asked.flow_id and session_id = asked.session_id
  order by seq desc limit $3
) as message
order by asked.n, message.seq`;

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
