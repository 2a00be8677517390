import { randomUUID } from "node:crypto";
import { FlowGraph, type FlowType, inferFlowType } from "@sluice/engine/graph";
import type { Selectable, Updateable } from "kysely";
import type { Db } from "../database/open-database.ts";
import { type Page, type Paged, paged } from "../database/page.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { AppError } from "../error.ts";
import { parseInput } from "../parse-input.ts";
import { FlowInput, FlowPatch } from "./flow-input.ts";
import { saveFlowVersion } from "./flow-version.ts";

/** A stored flow: its row. `toChatflow` makes Flowise's shape of it. */
export type Flow = Selectable<Database["flow"]>;
type FlowValues = Updateable<Database["flow"]>;

/** What a run or the admission of a run reads: a change of these makes a new version. */
const versioned = [
  "type",
  "flow_data",
  "apikeyid",
  "chatbot_config",
  "api_config",
  "analytic",
  "speech_to_text",
  "text_to_speech",
  "follow_up_prompts",
  "mcp_server_config",
] as const satisfies (keyof Flow)[];

/** Stores a flow. Without a type, the nodes tell it. */
export async function createFlow(db: Db, input: unknown, id: string = randomUUID()): Promise<Flow> {
  const fields = parseInput(FlowInput, input);
  checkFlowId(id);
  const type = fields.type ?? inferFlowType(FlowGraph.parse(JSON.parse(fields.flowData)));
  const { name, flowData } = fields;
  return db.transaction().execute(async (tx) => {
    const flow = await tx
      .insertInto("flow")
      .values({ ...toColumns(fields), id, name, type, flow_data: flowData })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!flow) throw new AppError("conflict", `Chatflow ${id} exists already`);
    await saveFlowVersion(tx, flow);
    return flow;
  });
}

export async function findFlow(db: Db, id: string): Promise<Flow | undefined> {
  checkFlowId(id);
  return db.selectFrom("flow").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function getFlow(db: Db, id: string): Promise<Flow> {
  return (await findFlow(db, id)) ?? missing(id);
}

export interface FlowFilter extends Page {
  type?: FlowType | undefined;
  /** Flows that this key opens: those bound to it, and those bound to none unless `boundOnly`. */
  keyId?: string | undefined;
  boundOnly?: boolean;
}

/** Newest change first. */
export async function listFlows(db: Db, filter: FlowFilter = {}): Promise<Paged<Flow>> {
  let query = db.selectFrom("flow").selectAll();
  if (filter.type) query = query.where("type", "=", filter.type);
  const { keyId, boundOnly } = filter;
  if (keyId)
    query = query.where((e) =>
      e.or([e("apikeyid", "=", keyId), ...(boundOnly ? [] : [e("apikeyid", "is", null)])]),
    );
  return paged(query.orderBy("updated_date", "desc").orderBy("id"), filter);
}

/** Changes the fields that are given. Runs that have begun stay on the version they began with. */
export async function updateFlow(db: Db, id: string, input: unknown): Promise<Flow> {
  const values = toColumns(parseInput(FlowPatch, input));
  checkFlowId(id);
  return db.transaction().execute(async (tx) => {
    const before = await tx
      .selectFrom("flow")
      .selectAll()
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (!before) return missing(id);
    const changed = versioned.some(
      (key) => values[key] !== undefined && values[key] !== before[key],
    );
    const flow = await tx
      .updateTable("flow")
      .set({ ...values, version: before.version + (changed ? 1 : 0), updated_date: new Date() })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    if (changed) await saveFlowVersion(tx, flow);
    return flow;
  });
}

/** Removes a flow with its conversations, executions and ended predictions; returns how many flows that was. */
export async function deleteFlow(db: Db, id: string): Promise<number> {
  checkFlowId(id);
  return db.transaction().execute(async (tx) => {
    const { numDeletedRows } = await tx.deleteFrom("flow").where("id", "=", id).executeTakeFirst();
    await tx.deleteFrom("chat_message_feedback").where("chatflowid", "=", id).execute();
    await tx.deleteFrom("chat_message").where("chatflowid", "=", id).execute();
    await tx.deleteFrom("lead").where("chatflowid", "=", id).execute();
    await tx.deleteFrom("upsert_history").where("chatflowid", "=", id).execute();
    await tx.deleteFrom("upsert_leftover").where("flow_id", "=", id).execute();
    await tx.deleteFrom("execution").where("agentflow_id", "=", id).execute();
    // Open ones still have to end, and somebody may wait for that.
    await tx
      .deleteFrom("prediction")
      .where("flow_id", "=", id)
      .where("state", "not in", ["queued", "running", "paused"])
      .execute();
    return Number(numDeletedRows);
  });
}

function toColumns(fields: FlowPatch): FlowValues {
  const values: FlowValues = {
    name: fields.name,
    type: fields.type,
    flow_data: fields.flowData,
    deployed: fields.deployed ?? undefined,
    is_public: fields.isPublic ?? undefined,
    apikeyid: fields.apikeyid === "" ? null : fields.apikeyid,
    chatbot_config: fields.chatbotConfig,
    api_config: fields.apiConfig,
    analytic: fields.analytic,
    speech_to_text: fields.speechToText,
    text_to_speech: fields.textToSpeech,
    follow_up_prompts: fields.followUpPrompts,
    mcp_server_config: fields.mcpServerConfig,
    category: fields.category,
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Flow ids on Flowise's wire are UUIDs, and it says so before it looks. */
export function checkFlowId(id: string): void {
  if (!isUuid(id)) throw new AppError("invalid", "Invalid Chatflow ID");
}

function missing(id: string): never {
  throw new AppError("not_found", `Chatflow ${id} not found in the database!`);
}
