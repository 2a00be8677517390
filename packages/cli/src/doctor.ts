import { parseArgs } from "node:util";
import { databaseOptions } from "@sluice/core/database-settings";
import { checkPostgres } from "@sluice/core/doctor/check-postgres";
import { checkRedis } from "@sluice/core/doctor/check-redis";
import { type Finding, type Fleet, fail, ok, warn } from "@sluice/core/doctor/finding";
import { redisSettings } from "@sluice/core/redis/redis-settings";
import { CommonSettings, readSettings } from "@sluice/core/settings";
import { CliError, type Command, type Context } from "./command.ts";

export const doctor: Command = {
  summary: "Looks at Redis, Postgres and settings, and says what to do about what is wrong",
  usage: `sluice doctor [--apis N] [--workers N] [--json]

  --apis N      API processes of the deployment, at most (2)
  --workers N   worker processes, at most (2)
  --json        the findings as JSON on stdout

Reads the environment that the processes read: MODE, REDIS_URL or REDIS_HOST …, DATABASE_URL or DATABASE_HOST ….
Changes nothing. Exit code 1 when something would not work.`,
  run: runDoctor,
};

async function runDoctor(args: string[], context: Context): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      apis: { type: "string", default: "2" },
      workers: { type: "string", default: "2" },
      json: { type: "boolean", default: false },
    },
  });
  const fleet = {
    apis: count("--apis", values.apis),
    workers: count("--workers", values.workers),
  };
  const findings = await examine(context.env, fleet);
  const works = findings.every(({ level }) => level !== "fail");
  if (values.json) context.out(JSON.stringify({ works, findings }));
  else for (const finding of findings) tell(finding, context);
  return works ? 0 : 1;
}

async function examine(env: NodeJS.ProcessEnv, fleet: Fleet): Promise<Finding[]> {
  let settings: CommonSettings;
  let redis: ReturnType<typeof redisSettings>;
  try {
    settings = readSettings(CommonSettings, env);
    redis = redisSettings(settings);
  } catch (error) {
    return [
      fail("settings", (error as Error).message, "correct the variable; docs/configuration.md"),
    ];
  }
  const usesRedis =
    settings.MODE === "queue" || (!env.MODE && Boolean(env.REDIS_URL || env.REDIS_HOST));
  const frugal = settings.REDIS_PROFILE === "frugal";
  const processes = usesRedis ? { ...fleet, frugal } : { apis: 1, workers: 0 };
  const [ofRedis, ofPostgres] = await Promise.all([
    usesRedis
      ? checkRedis(redis, processes, settings.QUEUE_NAME)
      : [ok("redis.reach", "not looked at: MODE=main needs no Redis")],
    checkPostgres(databaseOptions(settings), processes),
  ]);
  return [...ofRedis, ...ofPostgres, checkSecret(settings)];
}

function checkSecret({ FLOWISE_SECRETKEY_OVERWRITE: secret }: CommonSettings): Finding {
  if (secret) return ok("credentials.key", "credentials are sealed with a key of yours");
  return warn(
    "credentials.key",
    "the key that credentials are sealed with lies in the same database",
    "set FLOWISE_SECRETKEY_OVERWRITE to a long random text before credentials are stored",
  );
}

function tell({ level, message, remedy }: Finding, { out, paint }: Context): void {
  const mark = { ok: paint.green("ok  "), warn: paint.bold("warn"), fail: paint.red("fail") }[
    level
  ];
  out(`${mark}  ${message}`);
  if (remedy) out(`      → ${remedy}`);
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 10_000) return value;
  throw new CliError(`${name} ${text}: a whole number is expected`, { exitCode: 2 });
}
