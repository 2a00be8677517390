import type { PostgresDefaults } from "@sluice/engine/retrieval/postgres-clients";
import type { DatabaseOptions } from "./database/open-database.ts";
import type { CommonSettings } from "./settings.ts";

/** `DATABASE_URL`, else Flowise's parts. TLS is verified unless `DATABASE_REJECT_UNAUTHORIZED=false`. */
export function databaseOptions(settings: CommonSettings): DatabaseOptions {
  const ca = settings.DATABASE_SSL_KEY_BASE64;
  const ssl =
    settings.DATABASE_SSL || ca
      ? { ...(ca && { ca }), rejectUnauthorized: settings.DATABASE_REJECT_UNAUTHORIZED }
      : undefined;
  return {
    url: settings.DATABASE_URL ?? urlOf(settings),
    ...(ssl && { ssl }),
    maxConnections: settings.DATABASE_POOL_SIZE,
  };
}

/** The database for vectors of flows that name none; undefined where there is none. */
export function vectorDefaults(settings: CommonSettings): PostgresDefaults | undefined {
  const host = settings.POSTGRES_VECTORSTORE_HOST;
  if (!host) return undefined;
  return {
    place: {
      host,
      port: settings.POSTGRES_VECTORSTORE_PORT,
      database: settings.POSTGRES_VECTORSTORE_DATABASE ?? "postgres",
      user: settings.POSTGRES_VECTORSTORE_USER ?? "",
      password: settings.POSTGRES_VECTORSTORE_PASSWORD ?? "",
      ssl: settings.POSTGRES_VECTORSTORE_SSL,
    },
    table: settings.POSTGRES_VECTORSTORE_TABLE_NAME,
  };
}

function urlOf(settings: CommonSettings): string {
  const url = new URL(`postgres://${settings.DATABASE_HOST}:${settings.DATABASE_PORT}`);
  url.pathname = `/${settings.DATABASE_NAME}`;
  url.username = encodeURIComponent(settings.DATABASE_USER ?? "postgres");
  url.password = encodeURIComponent(settings.DATABASE_PASSWORD ?? "");
  return url.href;
}
