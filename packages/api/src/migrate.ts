import { migrateToLatest } from "@sluice/core/database/migrate";
import { databaseOptions } from "@sluice/core/database-settings";
import { linkedSettings } from "@sluice/core/linked-settings";
import { openLog } from "@sluice/core/log";
import { CommonSettings, readSettings } from "@sluice/core/settings";

/** Brings the schema up to date; the deploy calls it before new code serves. Two at once wait for each other. */
export async function handler(): Promise<{ migrations: string[] }> {
  const settings = readSettings(CommonSettings, {
    ...process.env,
    ...(await linkedSettings(process.env)),
  });
  const log = openLog(settings.LOG_LEVEL, "migrate");
  const migrations = await migrateToLatest(databaseOptions(settings), { waitMs: 240_000 });
  log.info({ migrations }, "The schema is up to date");
  return { migrations };
}

if (import.meta.main)
  handler().catch((error: Error) => {
    process.stderr.write(`sluice migrate: ${error.message}\n`);
    process.exitCode = 1;
  });
