import { z } from "zod";
import { textInput } from "../models/model-input.ts";
import { postgresPlace, quotedTable } from "./postgres-place.ts";
import type { RecordManager } from "./record-manager.ts";
import type { VectorStoreSetting } from "./vector-store.ts";

const Cleanup = z.enum(["none", "incremental", "full"]);

/** Records in a table of PostgreSQL, in the columns of LangChain's indexing API and Flowise's one beside them. */
export function openPostgresRecordManager(
  setting: Omit<VectorStoreSetting, "embeddings">,
  defaultNamespace: string,
): RecordManager {
  const { postgres: clients } = setting;
  if (!clients) throw new Error("Postgres cannot be reached from here");
  const place = postgresPlace(setting);
  const name = textInput(setting, "tableName") ?? "upsertion_records";
  const table = quotedTable(name);
  const query = (statement: string, values: unknown[], signal: AbortSignal) =>
    clients.query(place, statement, values, signal);

  async function ensureTable(signal: AbortSignal): Promise<void> {
    await query(
      `create table if not exists ${table} (
         uuid uuid primary key default gen_random_uuid(),
         key text not null, namespace text not null, updated_at double precision not null,
         group_id text, doc_id text, unique (key, namespace))`,
      [],
      signal,
    );
  }

  return {
    kind: "recordManager",
    cleanup: Cleanup.catch("none").parse(textInput(setting, "cleanup")),
    sourceIdKey: textInput(setting, "sourceIdKey") ?? "source",
    async open(storePlace, signal) {
      await ensureTable(signal);
      const namespace = `${textInput(setting, "namespace") ?? defaultNamespace}_${storePlace}`;
      return {
        async now(signal) {
          const clock = "select extract(epoch from clock_timestamp())::float8 as now";
          return Number((await query(clock, [], signal))[0]?.now);
        },
        async known(keys, signal) {
          const rows = await query(
            `select key from ${table} where namespace = $1 and key = any($2::text[])`,
            [namespace, keys],
            signal,
          );
          return new Set(rows.map(({ key }) => String(key)));
        },
        async note(entries, signal) {
          // One statement: all are noted, or none.
          await query(
            `insert into ${table} (key, namespace, updated_at, group_id)
               select key, $1, extract(epoch from clock_timestamp()), source
               from unnest($2::text[], $3::text[]) as given (key, source)
               on conflict (key, namespace) do update
                 set updated_at = excluded.updated_at, group_id = excluded.group_id`,
            [namespace, entries.map(({ key }) => key), entries.map(({ source }) => source)],
            signal,
          );
        },
        async before(time, { sources, limit }, signal) {
          const rows = await query(
            `select key from ${table}
               where namespace = $1 and updated_at < $2 and ($3::text[] is null or group_id = any($3::text[]))
               order by key limit $4`,
            [namespace, time, sources ?? null, limit],
            signal,
          );
          return rows.map(({ key }) => String(key));
        },
        async forget(keys, signal) {
          await query(
            `delete from ${table} where namespace = $1 and key = any($2::text[])`,
            [namespace, keys],
            signal,
          );
        },
      };
    },
  };
}
