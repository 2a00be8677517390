import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { functionEnvironment, functionPlace, nodejs } from "./function.ts";
import type { Network } from "./network.ts";
import type { Settings } from "./secret.ts";
import type { Stage } from "./stage.ts";

/** Brings the schema up to date in the deploy itself, before any new code serves. */
export function createMigration(stage: Stage, network: Network, settings: Settings) {
  const migrate = new sst.aws.Function("Migrate", {
    handler: "packages/api/src/migrate.handler",
    architecture: "arm64",
    timeout: "5 minutes",
    memory: "512 MB",
    link: [settings.link],
    environment: functionEnvironment(stage),
    ...functionPlace(stage.database !== "external", network),
    ...nodejs,
  });
  return new aws.lambda.Invocation("Migration", {
    functionName: migrate.name,
    input: JSON.stringify({ migrations: migrationHash() }),
    triggers: { migrations: migrationHash() },
  });
}

/** Another one when a migration was added. */
function migrationHash(): string {
  const folder = join($cli.paths.root, "packages/core/migrations");
  const hash = createHash("sha256");
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, file)));
  return hash.digest("hex").slice(0, 16);
}
