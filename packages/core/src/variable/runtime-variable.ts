import { commonSettings } from "../settings.ts";

// Prefixes of what belongs to the processes and the platform below them, secrets among it.
const reserved =
  /^(AWS_|ECS_|SLUICE_|REDIS_|DATABASE_|FLOWISE_|SECRETKEY_|S3_|JWT_|SMTP_|UPSTASH_|SST_|NODE_|npm_|PATH$|HOME$)/i;

/**
 * The environment as a variable of type `runtime` may read it. Whoever can write a flow can read such a variable, so
 * the process's own settings and its platform's are not among them.
 */
export const runtimeVariableFrom =
  (environment: Record<string, string | undefined>) =>
  (name: string): string | undefined =>
    reserved.test(name) || Object.hasOwn(commonSettings, name) ? undefined : environment[name];
