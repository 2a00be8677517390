import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import { isUuid } from "../database/uuid.ts";
import { AppError, notFound } from "../error.ts";
import { parseInput } from "../parse-input.ts";
import type { Feedback } from "./chat-message.ts";

const Rating = z.enum(["THUMBS_UP", "THUMBS_DOWN"]);

export const FeedbackInput = z.object({
  messageId: z.string(),
  chatflowid: z.string().nullish(),
  chatId: z.string().nullish(),
  rating: Rating.nullish(),
  content: z.string().max(10_000).nullish(),
});
export const FeedbackPatch = FeedbackInput.pick({ rating: true, content: true });

/** One opinion per message, which must be of the flow and the conversation that the sender names. */
export async function createFeedback(db: Db, flowId: string, input: unknown): Promise<Feedback> {
  const { messageId, chatflowid, chatId, rating, content } = parseInput(FeedbackInput, input);
  const message = isUuid(messageId)
    ? await db
        .selectFrom("chat_message")
        .select(["chatflowid", "chat_id"])
        .where("id", "=", messageId)
        .executeTakeFirst()
    : undefined;
  if (!message) throw notFound("Message", messageId);
  if ([flowId, chatflowid ?? flowId].some((id) => id !== message.chatflowid))
    throw new AppError("invalid", `Message ${messageId} is not of chatflow ${flowId}`);
  if (chatId && chatId !== message.chat_id)
    throw new AppError("invalid", `Message ${messageId} is not of this chat`);
  const row = await db
    .insertInto("chat_message_feedback")
    .values({ id: randomUUID(), ...message, message_id: messageId, rating, content })
    .onConflict((conflict) => conflict.column("message_id").doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) throw new AppError("conflict", `Message ${messageId} has feedback already`);
  return row;
}

export async function updateFeedback(db: Db, id: string, input: unknown): Promise<Feedback> {
  const { rating, content } = parseInput(FeedbackPatch, input);
  if (!isUuid(id)) throw notFound("Feedback", id);
  const given = {
    ...(rating !== undefined && { rating }),
    ...(content !== undefined && { content }),
  };
  const known = db.selectFrom("chat_message_feedback").selectAll().where("id", "=", id);
  const row =
    Object.keys(given).length === 0
      ? await known.executeTakeFirst()
      : await db
          .updateTable("chat_message_feedback")
          .set(given)
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirst();
  if (!row) throw notFound("Feedback", id);
  return row;
}

/** The flow whose answer feedback is about. */
export async function findFeedbackFlow(db: Db, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("chat_message_feedback")
    .select("chatflowid")
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.chatflowid;
}

export interface FeedbackFilter {
  chatId?: string | undefined;
  order?: "ASC" | "DESC";
  startDate?: Date | undefined;
  endDate?: Date | undefined;
}

export async function listFeedback(
  db: Db,
  flowId: string,
  { chatId, order = "ASC", startDate, endDate }: FeedbackFilter = {},
): Promise<Feedback[]> {
  if (!isUuid(flowId)) return [];
  let query = db.selectFrom("chat_message_feedback").selectAll().where("chatflowid", "=", flowId);
  if (chatId) query = query.where("chat_id", "=", chatId);
  if (startDate) query = query.where("created_date", ">=", startDate);
  if (endDate) query = query.where("created_date", "<=", endDate);
  return query
    .orderBy("created_date", order === "DESC" ? "desc" : "asc")
    .limit(10_000)
    .execute();
}
