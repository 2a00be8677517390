import { resolve } from "node:path";
import { z } from "zod";
import { CliError } from "../command.ts";

const port = z.coerce.number().int().min(0).max(65535);

/** What the launcher itself reads; everything else goes to the processes as it is. */
const LaunchEnvironment = z.object({
  MODE: z.enum(["main", "queue"]).optional(),
  PORT: port.optional(),
  WORKER_PORT: port.optional(),
  HOST: z.string().optional(),
  SLUICE_HOME: z.string().default(".sluice"),
  SLUICE_API_KEY: z.string().optional(),
  FLOWISE_SECRETKEY_OVERWRITE: z.string().optional(),
  REDIS_URL: z.string().optional(),
  REDIS_HOST: z.string().optional(),
  REDIS_PORT: port.optional(),
  DATABASE_URL: z.string().optional(),
  DATABASE_HOST: z.string().optional(),
  DATABASE_PORT: port.optional(),
});
export type LaunchConfig = z.infer<typeof LaunchEnvironment>;

export function parseLaunchConfig(env: NodeJS.ProcessEnv): LaunchConfig {
  // Compose files and shells set variables to "" to leave them unset.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = LaunchEnvironment.safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0]);
    throw new CliError(`${name}=${env[name]} is not usable: ${issue?.message}`, { exitCode: 2 });
  }
  return { ...parsed.data, SLUICE_HOME: resolve(parsed.data.SLUICE_HOME) };
}
