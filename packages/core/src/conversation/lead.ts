import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import type { Database } from "../database/schema.ts";
import { getFlow } from "../flow/flow.ts";
import { parseInput } from "../parse-input.ts";

/** Somebody who left an address in a chat: its row. */
export type Lead = Selectable<Database["lead"]>;

const short = z.string().max(500).nullish();
export const LeadInput = z.object({
  chatflowid: z.string(),
  chatId: z.string().max(500).nullish(),
  name: short,
  email: short,
  phone: short,
});

export async function createLead(db: Db, input: unknown): Promise<Lead> {
  const { chatflowid, chatId, name, email, phone } = parseInput(LeadInput, input);
  await getFlow(db, chatflowid);
  const id = randomUUID();
  return db
    .insertInto("lead")
    .values({ id, chatflowid, chat_id: chatId ?? randomUUID(), name, email, phone })
    .returningAll()
    .executeTakeFirstOrThrow();
}
