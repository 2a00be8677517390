import type { Pool } from "../database/open-database.ts";
import { openBatches, type Waiting } from "../open-batches.ts";
import { outboxColumnsSql, outboxSql } from "../webhook/outbox.ts";
import type { PredictionState } from "./prediction.ts";

/** All that a prediction leaves in Postgres when it ends or pauses. */
export interface FinalWrite {
  prediction: {
    id: string;
    flowId: string;
    flowVersion: number;
    chatId: string;
    sessionId: string;
    state: PredictionState;
    fence: number;
    segment: number;
    result: string;
    error: string | null;
    executionId: string | null;
    createdAt: Date;
    startedAt: Date;
    finishedAt: Date;
    /** The event log, compacted; JSON. */
    events: string;
    /** The run's state less its records, where it may go on later; JSON. */
    checkpoint: string | null;
  };
  execution:
    | { state: string; data: string; action: string | null; stoppedAt: Date | null }
    | undefined;
  messages: FinalMessage[];
}

export interface FinalMessage {
  id: string;
  role: "userMessage" | "apiMessage";
  content: string;
  chatType: string;
  sourceDocuments?: string | null;
  usedTools?: string | null;
  fileAnnotations?: string | null;
  reasonContent?: string | null;
  fileUploads?: string | null;
  artifacts?: string | null;
  action?: string | null;
  leadEmail?: string | null;
  /** "" in a chatflow without a memory. */
  memoryType?: string | null;
  followUpPrompts?: string | null;
  createdAt: Date;
}

type Ending = Waiting<FinalWrite, boolean>;

const maxBatch = 200;
const retryMs = [100, 300, 1000, 3000, 5000];

/**
 * Writes the ends of predictions, those of one moment together in one statement. Resolves with false when a
 * later attempt or a final state is there already; then nothing was written.
 */
export function openFinalWriter(pool: Pool, { giveUpMs = 300_000 } = {}) {
  async function writeTogether(batch: Ending[]): Promise<void> {
    try {
      settle(
        batch,
        await insert(
          pool,
          batch.map(({ item }) => item),
        ),
      );
    } catch {
      // One bad row fails the statement for all: singly, each meets its own fate.
      for (const one of batch) await writeAlone(one);
    }
  }

  async function writeAlone(one: Ending): Promise<void> {
    const until = Date.now() + giveUpMs;
    for (let attempt = 0; ; attempt++) {
      try {
        settle([one], await insert(pool, [one.item]));
        return;
      } catch (error) {
        if (!isPassing(error) || Date.now() > until) {
          one.reject(error);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, retryMs[Math.min(attempt, 4)]));
      }
    }
  }

  const endings = openBatches(maxBatch, writeTogether);
  return { write: endings.add, idle: endings.idle };
}
export type FinalWriter = ReturnType<typeof openFinalWriter>;

function settle(batch: Ending[], written: Set<string>): void {
  for (const { item, resolve } of batch) resolve(written.has(item.prediction.id));
}

// Class 08, 57, 53 and socket errors: the server is away, not the data wrong.
function isPassing(error: unknown): boolean {
  const code = (error as { code?: string })?.code ?? "";
  return !/^[0-9A-Z]{5}$/.test(code) || /^(08|57|53|40|55)/.test(code);
}

async function insert(pool: Pool, writes: FinalWrite[]): Promise<Set<string>> {
  const p = writes.map(({ prediction }) => prediction);
  const e = writes.filter((write) => write.execution && write.prediction.executionId);
  const m = writes.flatMap((write) => write.messages.map((message) => ({ message, write })));
  const values = [
    p.map((x) => x.id),
    p.map((x) => x.flowId),
    p.map((x) => x.flowVersion),
    p.map((x) => x.chatId),
    p.map((x) => x.sessionId),
    p.map((x) => x.state),
    p.map((x) => x.fence),
    p.map((x) => x.segment),
    p.map((x) => x.result),
    p.map((x) => x.error),
    p.map((x) => x.executionId),
    p.map((x) => x.createdAt),
    p.map((x) => x.startedAt),
    p.map((x) => x.finishedAt),
    e.map((x) => x.prediction.executionId),
    e.map((x) => x.prediction.id),
    e.map((x) => x.prediction.flowId),
    e.map((x) => x.prediction.sessionId),
    e.map((x) => x.execution!.state),
    e.map((x) => x.execution!.data),
    e.map((x) => x.execution!.action),
    e.map((x) => x.prediction.startedAt),
    e.map((x) => x.prediction.finishedAt),
    e.map((x) => x.execution!.stoppedAt),
    m.map((x) => x.message.id),
    m.map((x) => x.write.prediction.id),
    m.map((x) => x.message.role),
    m.map((x) => x.write.prediction.flowId),
    m.map((x) => x.write.prediction.executionId),
    m.map((x) => x.message.content),
    m.map((x) => x.message.chatType),
    m.map((x) => x.write.prediction.chatId),
    m.map((x) => x.write.prediction.sessionId),
    m.map((x) => x.message.sourceDocuments ?? null),
    m.map((x) => x.message.usedTools ?? null),
    m.map((x) => x.message.fileAnnotations ?? null),
    m.map((x) => x.message.reasonContent ?? null),
    m.map((x) => x.message.fileUploads ?? null),
    m.map((x) => x.message.artifacts ?? null),
    m.map((x) => x.message.action ?? null),
    m.map((x) => x.message.leadEmail ?? null),
    m.map((x) => x.message.createdAt),
    p.map((x) => x.events),
    m.map((x) => x.message.memoryType ?? null),
    p.map((x) => x.checkpoint),
    m.map((x) => x.message.followUpPrompts ?? null),
  ];
  const { rows } = await pool.query<{ id: string }>({
    name: "final-write",
    text: finalWriteSql,
    values: values.map(storable),
  });
  return new Set(rows.map((row) => row.id));
}

// Postgres keeps every character but this one, which models and callers can well send.
const storable = (column: unknown[]): unknown[] =>
  column.map((value) => (typeof value === "string" ? value.replaceAll("\u0000", "") : value));

export const finalWriteSql = `
with written as (
  insert into prediction (id, flow_id, flow_version, chat_id, session_id, state, fence, segment, result, error,
    execution_id, created_at, started_at, finished_at, events, checkpoint)
  select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[],
    $9::text[], $10::text[], $11::uuid[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $43::text[], $45::text[])
  on conflict (id) do update set state = excluded.state, fence = excluded.fence, segment = excluded.segment,
    result = excluded.result, error = excluded.error, execution_id = excluded.execution_id,
    started_at = excluded.started_at, finished_at = excluded.finished_at, events = excluded.events,
    checkpoint = excluded.checkpoint, request = null, progress = null
  where prediction.fence <= excluded.fence and prediction.segment <= excluded.segment
    and prediction.state not in ('succeeded', 'failed', 'canceled', 'expired')
  returning ${outboxColumnsSql}
), notified as (${outboxSql}
), executed as (
  insert into execution (id, agentflow_id, session_id, state, execution_data, action, created_date, updated_date, stopped_date)
  select e.id, e.flow_id, e.session_id, e.state, e.data, e.action, e.created, e.updated, e.stopped
  from unnest($15::uuid[], $16::text[], $17::uuid[], $18::text[], $19::text[], $20::text[], $21::text[],
    $22::timestamptz[], $23::timestamptz[], $24::timestamptz[])
    as e(id, prediction_id, flow_id, session_id, state, data, action, created, updated, stopped)
  join written on written.id = e.prediction_id
  on conflict (id) do update set state = excluded.state, execution_data = excluded.execution_data,
    action = excluded.action, updated_date = excluded.updated_date,
    stopped_date = coalesce(excluded.stopped_date, execution.stopped_date)
), said as (
  insert into chat_message (id, role, chatflowid, execution_id, content, chat_type, chat_id, session_id,
    source_documents, used_tools, file_annotations, reason_content, file_uploads, artifacts, action, lead_email, created_date, memory_type,
    follow_up_prompts)
  select m.id, m.role, m.flow_id, m.execution_id, m.content, m.chat_type, m.chat_id, m.session_id,
    m.source_documents, m.used_tools, m.file_annotations, m.reason_content, m.file_uploads, m.artifacts, m.action,
    m.lead_email, m.created, m.memory_type, m.follow_up_prompts
  from unnest($25::uuid[], $26::text[], $27::text[], $28::uuid[], $29::uuid[], $30::text[], $31::text[], $32::text[],
    $33::text[], $34::text[], $35::text[], $36::text[], $37::text[], $38::text[], $39::text[], $40::text[], $41::text[],
    $42::timestamptz[], $44::text[], $46::text[])
    with ordinality as m(id, prediction_id, role, flow_id, execution_id, content, chat_type, chat_id, session_id,
    source_documents, used_tools, file_annotations, reason_content, file_uploads, artifacts, action, lead_email, created, memory_type,
    follow_up_prompts, n)
  join written on written.id = m.prediction_id
  order by m.n
)
select id from written`;
