import { pastMessagesSql } from "../packages/core/src/conversation/past-messages.ts";
import { openDatabase, type Pool } from "../packages/core/src/database/open-database.ts";
import { finalWriteSql } from "../packages/core/src/prediction/final-write.ts";
import { median, round } from "./distribution.ts";
import type { LoadReport } from "./load.ts";

export interface GrowthReport {
  messages: number;
  /** CPU seconds per 1,000 predictions: all processes of the split, and PostgreSQL alone. */
  empty: Cost;
  full: Cost;
  /** What Postgres does for the two statements of the hot path, as it says itself. */
  plans: Record<string, string[]>;
  scanned: string[];
}

interface Cost {
  all: number;
  postgres: number;
}

export interface GrowthOptions {
  postgresUrl: string;
  flowId: string;
  messages: number;
  rounds: number;
  /** Loads a flow with a memory once. */
  measure(): Promise<LoadReport>;
  note(what: string): void;
}

const perConversation = 20;
const seedWithinMs = 600_000;

/** What a prediction costs on an empty database and beside a million stored messages. */
export async function measureGrowth(options: GrowthOptions): Promise<GrowthReport> {
  const { messages, flowId, note } = options;
  const { pool, close } = openDatabase({
    url: options.postgresUrl,
    maxConnections: 1,
    statementTimeoutMs: seedWithinMs,
  });
  try {
    // Not counted: processes that were never at work cost more.
    await options.measure();
    const empty = await costOf(options, "empty");
    note(`growth: storing ${messages.toLocaleString("en")} messages`);
    await store(pool, flowId, messages);
    const full = await costOf(options, "full");
    const plans = {
      "past messages": await planOf(pool, pastMessagesSql),
      "final write": await planOf(pool, finalWriteSql),
    };
    const scanned = Object.values(plans)
      .flat()
      .filter((line) => /Seq Scan on (chat_message|prediction|execution|webhook)/.test(line));
    return { messages, empty, full, plans, scanned };
  } finally {
    await close();
  }
}

async function costOf({ measure, rounds, note }: GrowthOptions, name: string): Promise<Cost> {
  const reports: LoadReport[] = [];
  for (let i = 0; i < rounds; i += 1) {
    note(`growth: ${name}, ${i + 1} of ${rounds}`);
    reports.push(await measure());
  }
  const middle = (wanted: RegExp) =>
    round(median(reports.map(({ cpuSPer1000 }) => sum(cpuSPer1000, wanted))), 3);
  return { all: middle(/^(api|worker|redis|postgres)/), postgres: middle(/^postgres/) };
}

const sum = (cpu: Record<string, number>, wanted: RegExp) =>
  Object.entries(cpu).reduce((total, [name, s]) => total + (wanted.test(name) ? s : 0), 0);

/** Conversations of a flow, as predictions leave them. */
async function store(pool: Pool, flowId: string, messages: number): Promise<void> {
  const conversations = messages / perConversation;
  await pool.query(
    `insert into prediction (id, flow_id, flow_version, chat_id, session_id, state, result, events, finished_at)
     select 'prd_0stored' || n, $1::uuid, 1, 'stored-' || n % $2, 'stored-' || n % $2, 'succeeded',
       repeat('{"text":"an answer"} ', 20), '[]', now()
     from generate_series(1, $3::int) as n`,
    [flowId, conversations, messages / 2],
  );
  await pool.query(
    `insert into chat_message (id, role, chatflowid, content, chat_type, chat_id, session_id)
     select gen_random_uuid(), case n % 2 when 1 then 'userMessage' else 'apiMessage' end, $1::uuid,
       repeat('words that were said ', 10), 'EXTERNAL', 'stored-' || n % $2, 'stored-' || n % $2
     from generate_series(1, $3::int) as n`,
    [flowId, conversations, messages],
  );
  for (const table of ["chat_message", "prediction"]) await pool.query(`vacuum analyze ${table}`);
}

// A generic plan is what a named statement that is run many times comes to.
async function planOf(pool: Pool, statement: string): Promise<string[]> {
  const { rows } = await pool.query<{ "QUERY PLAN": string }>(
    `explain (generic_plan, costs off) ${statement}`,
  );
  return rows.map((row) => row["QUERY PLAN"]);
}

export function growthLines({ messages, empty, full, plans, scanned }: GrowthReport): string[] {
  const ratio = (key: keyof Cost) => (full[key] / empty[key]).toFixed(2);
  return [
    `a at ${messages.toLocaleString("en")} stored messages: ${full.all} s of CPU per 1,000 (empty: ${empty.all}, × ${ratio("all")}); PostgreSQL ${full.postgres} (empty: ${empty.postgres}, × ${ratio("postgres")})`,
    scanned.length === 0
      ? "No table is read from end to end on the hot path:"
      : `READ FROM END TO END: ${scanned.join(", ")}`,
    ...Object.entries(plans).flatMap(([name, lines]) => [
      `  ${name}`,
      ...lines.map((line) => `    ${line}`),
    ]),
  ];
}
