import { z } from "zod";

// Compose files pass unset variables as empty texts: both count as not set.
const blank = (value: unknown) =>
  typeof value === "string" && value.trim() === "" ? undefined : value;
const setting = <T extends z.ZodType>(type: T) => z.preprocess(blank, type);
const port = "a port, 0 to 65535";
const atLeast = (min: number) => `a whole number, ${min} or more`;

export const textSetting = () => setting(z.string().optional());
export const portSetting = (fallback: number) =>
  setting(z.coerce.number(port).int(port).min(0, port).max(65_535, port).default(fallback));
export const countSetting = (fallback: number, min = 1) =>
  setting(z.coerce.number(atLeast(min)).int(atLeast(min)).min(min, atLeast(min)).default(fallback));
export const optionalCountSetting = () =>
  setting(z.coerce.number("a whole number").int("a whole number").optional());
export const flagSetting = (fallback: boolean) =>
  setting(
    z
      .enum(["true", "false"], "true or false")
      .transform((value) => value === "true")
      .default(fallback),
  );
export const listSetting = () =>
  setting(
    z
      .string()
      .default("")
      .transform((text) =>
        text
          .split(",")
          .map((item) => item.trim())
          .filter(Boolean),
      ),
  );
export const base64Setting = () =>
  setting(
    z
      .string()
      .regex(/^[A-Za-z0-9+/=\s]+$/, "base64 of a PEM file")
      .transform((text) => Buffer.from(text, "base64").toString("utf8"))
      .refine((text) => text.includes("-----BEGIN "), "base64 of a PEM file")
      .optional(),
  );

const ownLevels = ["fatal", "error", "warn", "info", "debug", "trace"] as const;
const logLevels = [...ownLevels, "http", "verbose", "silly"] as const;
/** Flowise's levels that have another name here. */
const flowiseLevels: Partial<Record<string, (typeof ownLevels)[number]>> = {
  http: "info",
  verbose: "debug",
  silly: "trace",
};

/** What both API and worker read: the names, meanings and defaults of Flowise's queue mode. */
export const commonSettings = {
  MODE: setting(z.enum(["main", "queue"], "main or queue").default("main")),
  QUEUE_NAME: setting(z.string().default("flowise-queue")),
  QUEUE_REDIS_EVENT_STREAM_MAX_LEN: countSetting(100_000),
  REMOVE_ON_AGE: optionalCountSetting().transform((value) => value ?? 86_400),
  REMOVE_ON_COUNT: optionalCountSetting().transform((value) => value ?? 10_000),
  WORKER_CONCURRENCY: countSetting(100_000),
  /** Upserts of chatflows that one process runs at once. */
  UPSERT_CONCURRENCY: countSetting(4),
  REDIS_URL: textSetting(),
  REDIS_HOST: setting(z.string().default("localhost")),
  REDIS_PORT: portSetting(6379),
  REDIS_USERNAME: textSetting(),
  REDIS_PASSWORD: textSetting(),
  REDIS_TLS: flagSetting(false),
  REDIS_CERT: base64Setting(),
  REDIS_KEY: base64Setting(),
  REDIS_CA: base64Setting(),
  REDIS_KEEP_ALIVE: optionalCountSetting(),
  REDIS_TLS_REJECT_UNAUTHORIZED: flagSetting(true),
  REDIS_PROFILE: setting(z.enum(["standard", "frugal"], "standard or frugal").default("standard")),
  DATABASE_TYPE: setting(
    z
      .literal(
        "postgres",
        "postgres (sqlite and mysql are not supported; see docs/configuration.md)",
      )
      .default("postgres"),
  ),
  DATABASE_URL: textSetting(),
  DATABASE_HOST: setting(z.string().default("localhost")),
  DATABASE_PORT: portSetting(5432),
  DATABASE_NAME: setting(z.string().default("flowise")),
  DATABASE_USER: textSetting(),
  DATABASE_PASSWORD: textSetting(),
  DATABASE_SSL: flagSetting(false),
  DATABASE_SSL_KEY_BASE64: base64Setting(),
  DATABASE_REJECT_UNAUTHORIZED: flagSetting(true),
  DATABASE_POOL_SIZE: countSetting(10),
  FLOWISE_SECRETKEY_OVERWRITE: textSetting(),
  BLOB_STORAGE_PATH: textSetting(),
  STORAGE_TYPE: setting(z.enum(["local", "s3"], "local or s3").default("local")),
  S3_STORAGE_BUCKET_NAME: textSetting(),
  S3_STORAGE_REGION: textSetting(),
  S3_STORAGE_ACCESS_KEY_ID: textSetting(),
  S3_STORAGE_SECRET_ACCESS_KEY: textSetting(),
  S3_ENDPOINT_URL: textSetting(),
  S3_FORCE_PATH_STYLE: flagSetting(false),
  SLUICE_HOME: setting(z.string().default(".sluice")),
  LOG_LEVEL: setting(
    z
      .enum(logLevels, `one of ${logLevels.join(", ")}`)
      .transform((level) => flowiseLevels[level] ?? level)
      .default("info"),
  ),
  HTTP_SECURITY_CHECK: flagSetting(true),
  HTTP_DENY_LIST: listSetting(),
  HTTP_ALLOW_LIST: listSetting(),
  SANDBOX_TIMEOUT: countSetting(300_000),
  SANDBOX_PROCESSES: countSetting(2),
  TOOL_FUNCTION_BUILTIN_DEP: listSetting(),
  TOOL_FUNCTION_EXTERNAL_DEP: listSetting(),
  MAX_ITERATIONS: countSetting(1000),
  MAX_LOOP_COUNT: countSetting(10),
  CUSTOM_MCP_PROTOCOL: setting(z.enum(["sse", "stdio"], "sse or stdio").default("sse")),
  CUSTOM_MCP_SECURITY_CHECK: flagSetting(true),
  CUSTOM_MCP_ALLOWED_COMMANDS: listSetting(),
  CUSTOM_MCP_ALLOWED_ENV_VARS: listSetting(),
  CUSTOM_MCP_ALLOWED_ABSOLUTE_SCRIPT_PATHS: listSetting(),
  CUSTOM_MCP_TOOLS_MAX_BYTES: countSetting(524_288),
  CUSTOM_MCP_AUTHORIZE_TIMEOUT_MS: countSetting(15_000),
  ANTHROPIC_BASE_URL: textSetting(),
  PINECONE_CONTROLLER_HOST: textSetting(),
  POSTGRES_VECTORSTORE_HOST: textSetting(),
  POSTGRES_VECTORSTORE_PORT: portSetting(5432),
  POSTGRES_VECTORSTORE_USER: textSetting(),
  POSTGRES_VECTORSTORE_PASSWORD: textSetting(),
  POSTGRES_VECTORSTORE_DATABASE: textSetting(),
  POSTGRES_VECTORSTORE_TABLE_NAME: textSetting(),
  POSTGRES_VECTORSTORE_SSL: flagSetting(false),
  PREDICTION_TIMEOUT_SECONDS: countSetting(600),
  DISCONNECT_GRACE_SECONDS: countSetting(5),
} as const;

export const CommonSettings = z.object(commonSettings);
export type CommonSettings = z.infer<typeof CommonSettings>;

const secret = /PASSWORD|SECRET|(?<!RATE_LIMIT_|PER_)KEY|TOKEN|URL|CERT|_CA$/;

/** Reads a process's settings. Throws one line that names the variable, its value and what is expected. */
export function readSettings<T extends z.ZodType>(
  schema: T,
  environment: Record<string, string | undefined>,
): z.infer<T> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const name = String(issue.path[0] ?? "");
  const value = secret.test(name) ? "(hidden)" : JSON.stringify(environment[name] ?? null);
  throw new Error(
    `${name}=${value}: expected ${issue.message.replace(/^Invalid input: expected /, "")}`,
  );
}
