import { sql } from "kysely";
import { migrations } from "../database/migrations.ts";
import { type DatabaseOptions, type Db, openDatabase } from "../database/open-database.ts";
import { budget, type Finding, type Fleet, fail, ok, warn } from "./finding.ts";

const oldest = 13;
const shown = 5;

/** Looks at a database as the processes need it. Changes nothing. */
export async function checkPostgres(options: DatabaseOptions, fleet: Fleet): Promise<Finding[]> {
  const { db, close } = openDatabase({ ...options, maxConnections: 1, statementTimeoutMs: 5000 });
  try {
    const server = await readServer(db);
    const findings = [
      ok("postgres.reach", "Postgres answers"),
      server.version >= oldest * 10_000
        ? ok("postgres.version", `PostgreSQL ${server.words}`)
        : fail(
            "postgres.version",
            `PostgreSQL ${server.words} is too old`,
            `upgrade to PostgreSQL ${oldest} or later`,
          ),
      budget(
        "postgres.connections",
        (fleet.apis + fleet.workers) * options.maxConnections,
        server.connections,
        "raise max_connections, lower DATABASE_POOL_SIZE, or put a pooler in session mode before it",
      ),
    ];
    const migrated = await checkMigrations(db);
    return [...findings, migrated, ...(await checkFlows(db).catch(() => []))];
  } catch (error) {
    const { message, remedy } = explain(error as NodeJS.ErrnoException);
    return [fail("postgres.reach", `Postgres cannot be used: ${message}`, remedy)];
  } finally {
    await close();
  }
}

async function readServer(db: Db) {
  const { rows } = await sql<{ version: string; words: string; connections: string }>`
    select current_setting('server_version_num') as version, current_setting('server_version') as words,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        as connections`.execute(db);
  const [row] = rows;
  return {
    version: Number(row?.version),
    words: row?.words ?? "",
    connections: Number(row?.connections),
  };
}

async function checkMigrations(db: Db): Promise<Finding> {
  const known = Object.keys(migrations);
  const { rows } = await sql<{ there: boolean }>`
    select to_regclass('kysely_migration') is not null as there`.execute(db);
  const run = rows[0]?.there
    ? (await sql<{ name: string }>`select name from kysely_migration`.execute(db)).rows
    : [];
  const names = new Set(run.map(({ name }) => name));
  const missing = known.filter((name) => !names.has(name));
  const newer = [...names].filter((name) => !known.includes(name));
  if (missing.length > 0)
    return warn(
      "postgres.migrations",
      `${missing.length} migrations are still to be run (${missing[0]} …)`,
      "start an API process of this version: it migrates before it listens",
    );
  if (newer.length > 0)
    return warn(
      "postgres.migrations",
      `the database belongs to a newer version (${newer.join(", ")})`,
      "run the same version of sluice everywhere",
    );
  return ok("postgres.migrations", `all ${known.length} migrations have run`);
}

async function checkFlows(db: Db): Promise<Finding[]> {
  const flows = await db
    .selectFrom("flow")
    .select(["id", "name"])
    .where("apikeyid", "is", null)
    .orderBy("name")
    .execute();
  if (flows.length === 0) return [ok("flows.keys", "every flow asks for an API key")];
  const names = flows.slice(0, shown).map(({ name }) => JSON.stringify(name));
  const more = flows.length > shown ? " …" : "";
  return [
    warn(
      "flows.keys",
      `${flows.length} flows answer everybody, without a key: ${names.join(", ")}${more}`,
      "assign an API key to them, unless they are meant to be public",
    ),
  ];
}

const remedies: Record<string, [message: string, remedy: string]> = {
  ECONNREFUSED: ["nothing listens there", "start Postgres, or correct DATABASE_URL"],
  ENOTFOUND: ["the host has no address", "correct the host in DATABASE_URL"],
  EAI_AGAIN: ["the host could not be resolved", "correct the host in DATABASE_URL"],
  ETIMEDOUT: ["no answer", "let this machine through: security group or firewall"],
  "28P01": ["user or password are not accepted", "correct them in DATABASE_URL"],
  "28000": [
    "the server does not let this user in like that",
    "correct the user in DATABASE_URL, or set DATABASE_SSL=true if TLS is wanted",
  ],
  "3D000": ["there is no such database", "create it: createdb <name>, or correct DATABASE_URL"],
  "42501": ["the user may not read the tables", "grant it the schema: it has to own the tables"],
  "53300": ["all its connections are taken", "raise max_connections or lower DATABASE_POOL_SIZE"],
};
const unknownAuthority = [
  "its certificate is signed by an authority that is not known here",
  "give the authority's certificate: DATABASE_SSL_KEY_BASE64=$(base64 -w0 ca.pem)",
] as const;

function explain(error: NodeJS.ErrnoException): { message: string; remedy: string } {
  const known = remedies[error.code ?? ""];
  const tls = /SELF_SIGNED|ISSUER_CERT|VERIFY_LEAF/.test(error.code ?? "")
    ? unknownAuthority
    : known;
  if (tls) return { message: tls[0], remedy: tls[1] };
  if (/does not support SSL/i.test(error.message))
    return {
      message: "the server does not speak TLS",
      remedy: "DATABASE_SSL=false, or take sslmode out of DATABASE_URL",
    };
  if (/timeout|timed out/i.test(error.message))
    return { message: "no answer in time", remedy: remedies.ETIMEDOUT![1] };
  return { message: error.message, remedy: "correct DATABASE_URL or the DATABASE_ variables" };
}
