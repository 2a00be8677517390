import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { projectRoot } from "./project-copy.ts";
import { ensurePlatform } from "./sst-synth.mjs";

// Everything of the deployment that can be known without an account. Nothing leaves the machine but npm's own set-up.
process.env.AWS_EC2_METADATA_DISABLED = "true";
process.env.SST_TELEMETRY_DISABLED = "1";

console.log(`SST ${ensurePlatform(projectRoot, { quiet: true })}: its platform is in place`);
step("types against SST's platform", "typescript/bin/tsc", ["-p", "infra"]);
step("synthesis and rules", "vitest/vitest.mjs", ["run", "--config", "infra/vitest.config.ts"]);

function step(name: string, file: string, args: string[]): void {
  console.log(`── ${name}`);
  const [manifest = "", ...rest] = file.split("/");
  const folder = createRequire(join(projectRoot, "package.json")).resolve(
    `${manifest}/package.json`,
  );
  const program = join(folder, "..", ...rest);
  const { status } = spawnSync(process.execPath, [program, ...args], {
    cwd: projectRoot,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
