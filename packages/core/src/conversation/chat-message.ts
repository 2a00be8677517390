import { type Selectable, sql } from "kysely";
import type { Db } from "../database/open-database.ts";
import { type Page, pageBounds } from "../database/page.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";

/** A message of a conversation: its row. */
export type ChatMessage = Selectable<Database["chat_message"]>;
export type Feedback = Selectable<Database["chat_message_feedback"]>;

export interface MessageFilter {
  chatTypes?: string[];
  chatId?: string | undefined;
  memoryType?: string | undefined;
  sessionId?: string | undefined;
  messageId?: string | undefined;
  startDate?: Date | undefined;
  endDate?: Date | undefined;
}

export interface MessageQuery extends MessageFilter, Page {
  order?: "ASC" | "DESC";
  /** Joins what people thought of the answers; then pages go by session, newest first. */
  feedback?: boolean;
  /** Only answers rated so, each with the message before it. */
  ratings?: string[];
}

export interface ListedMessage extends ChatMessage {
  execution: Selectable<Database["execution"]> | null;
  /** Left out unless asked for. */
  feedback?: Feedback | null;
}

/** What one reply may hold; of more, the newest. */
const maxMessages = 10_000;

export async function listMessages(
  db: Db,
  flowId: string,
  query: MessageQuery = {},
): Promise<ListedMessage[]> {
  if (!isUuid(flowId)) return [];
  const bounds = query.feedback ? pageBounds(query) : undefined;
  let select = matching(db, flowId, query).selectAll();
  if (bounds) {
    const sessions = matching(db, flowId, query)
      .select(["session_id"])
      .groupBy("session_id")
      .orderBy((e) => e.fn.max("seq"), "desc")
      .limit(bounds.limit)
      .offset(bounds.offset);
    select = select.where("session_id", "in", sessions);
  }
  const newest = await select.orderBy("seq", "desc").limit(maxMessages).execute();
  const joined = await join(db, newest.toReversed(), query.feedback ?? false);
  const kept = query.ratings?.length ? rated(joined, query.ratings) : joined;
  return query.order === "DESC" ? kept.toReversed() : kept;
}

/** Ids of the conversations and sessions of such messages, each once. */
export async function conversationsOf(
  db: Db,
  flowId: string,
  filter: MessageFilter,
): Promise<{ chatId: string; sessionId: string | null }[]> {
  if (!isUuid(flowId)) return [];
  const rows = await matching(db, flowId, filter)
    .select(["chat_id", "session_id"])
    .distinct()
    .execute();
  return rows.map((row) => ({ chatId: row.chat_id, sessionId: row.session_id }));
}

/** Of these conversations, those that no message is left of. */
export async function emptied(db: Db, flowId: string, chatIds: string[]): Promise<string[]> {
  const left = await db
    .selectFrom("chat_message")
    .select("chat_id")
    .distinct()
    .where("chatflowid", "=", flowId)
    .where("chat_id", "=", sql<string>`any(${chatIds}::text[])`)
    .execute();
  const alive = new Set(left.map((row) => row.chat_id));
  return chatIds.filter((id) => !alive.has(id));
}

/** Removes messages and what was thought of them; with `executions`, also the runs they came from. */
export async function deleteMessages(
  db: Db,
  flowId: string,
  filter: MessageFilter,
  { executions = false } = {},
): Promise<number> {
  if (!isUuid(flowId)) return 0;
  return db.transaction().execute(async (tx) => {
    const gone = await tx
      .deleteFrom("chat_message")
      .where("id", "in", matching(tx, flowId, filter).select("id"))
      .returning(["id", "execution_id"])
      .execute();
    if (gone.length === 0) return 0;
    await tx
      .deleteFrom("chat_message_feedback")
      .where("message_id", "=", anyOf(gone.map((row) => row.id)))
      .execute();
    const runs = gone.flatMap((row) => row.execution_id ?? []);
    if (executions && runs.length > 0)
      await tx.deleteFrom("execution").where("id", "=", anyOf(runs)).execute();
    return gone.length;
  });
}

function matching(db: Db, flowId: string, filter: MessageFilter) {
  const { chatTypes = [], chatId, memoryType, sessionId, messageId, startDate, endDate } = filter;
  let query = db.selectFrom("chat_message").where("chatflowid", "=", flowId);
  if (chatTypes.length > 0) query = query.where("chat_type", "in", chatTypes);
  if (chatId) query = query.where("chat_id", "=", chatId);
  if (memoryType) query = query.where("memory_type", "=", memoryType);
  if (sessionId) query = query.where("session_id", "=", sessionId);
  if (messageId)
    query = query.where(isUuid(messageId) ? sql<boolean>`id = ${messageId}` : sql<boolean>`false`);
  if (startDate) query = query.where("created_date", ">=", startDate);
  if (endDate) query = query.where("created_date", "<=", endDate);
  return query;
}

async function join(db: Db, messages: ChatMessage[], feedback: boolean): Promise<ListedMessage[]> {
  const runIds = new Set(messages.flatMap((message) => message.execution_id ?? []));
  const runs = await db
    .selectFrom("execution")
    .selectAll()
    .where("id", "=", anyOf([...runIds]))
    .execute();
  const opinions = feedback
    ? await db
        .selectFrom("chat_message_feedback")
        .selectAll()
        .where("message_id", "=", anyOf(messages.map((message) => message.id)))
        .execute()
    : [];
  const runById = new Map(runs.map((run) => [run.id, run]));
  const opinionByMessage = new Map(opinions.map((opinion) => [opinion.message_id, opinion]));
  return messages.map((message) => ({
    ...message,
    execution: runById.get(message.execution_id ?? "") ?? null,
    ...(feedback && { feedback: opinionByMessage.get(message.id) ?? null }),
  }));
}

/** Answers rated so and, before each, the question it answered. */
function rated(messages: ListedMessage[], ratings: string[]): ListedMessage[] {
  const kept = new Set<ListedMessage>();
  const lastOf = new Map<string, ListedMessage>();
  for (const message of messages) {
    const before = lastOf.get(message.chat_id);
    lastOf.set(message.chat_id, message);
    if (!ratings.includes(message.feedback?.rating ?? "")) continue;
    if (before?.role === "userMessage") kept.add(before);
    kept.add(message);
  }
  return [...kept];
}

/** One parameter however many ids: a statement takes 65,535 of them. */
const anyOf = (ids: string[]) => sql<string>`any(${ids}::uuid[])`;
