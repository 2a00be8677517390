import { relative } from "node:path";
import { parseArgs } from "node:util";
import { CliError, type Command, type Context } from "./command.ts";
import { type Entries, type Launched, type LaunchReport, launch } from "./launcher/launch.ts";
import { parseLaunchConfig } from "./launcher/launch-config.ts";
import { secretsFile } from "./launcher/secrets.ts";

export const start: Command = {
  summary: "Runs everything on this machine: API, workers, Redis and PostgreSQL",
  usage: `sluice start [--workers N] [--bundled] [--json]

  --workers N   worker processes (1)
  --bundled     run the bundles of npm run build instead of the sources
  --json        one line of JSON on stdout when ready, nothing else

Environment: PORT (3000), WORKER_PORT (5566), HOST (127.0.0.1), SLUICE_HOME (.sluice), SLUICE_API_KEY, MODE,
REDIS_URL or REDIS_HOST …, DATABASE_URL or DATABASE_HOST …; whatever else is set reaches the processes.`,
  run: (args, context) => runStart(args, context),
};

/** `entries` is for tests, which put other processes in the place of API and worker. */
export async function runStart(
  args: string[],
  context: Context,
  entries?: Entries,
): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      workers: { type: "string", default: "1" },
      bundled: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const workers = Number(values.workers);
  if (!Number.isInteger(workers) || workers < 1 || workers > 64)
    throw new CliError(`--workers ${values.workers}: a number from 1 to 64 is expected`, {
      exitCode: 2,
    });

  const { env, note } = context;
  const starting = launch({
    env,
    workers,
    bundled: values.bundled,
    note,
    ...(entries && { entries }),
  });
  const launched = await Promise.race([starting, context.stopped.then(() => undefined)]);
  if (!launched) {
    // Stopped while coming up: what is on its way has to be there to be ended.
    await starting.then((late) => late.stop()).catch(() => {});
    return 0;
  }
  const report = launched.report();
  if (values.json) context.out(JSON.stringify(report));
  else announce(report, launched, context);

  const reason = await Promise.race([launched.broken, context.stopped.then(() => undefined)]);
  note(reason ? `${reason}: stopping everything` : "stopping");
  await launched.stop();
  return reason ? 1 : 0;
}

function announce(report: LaunchReport, launched: Launched, { out, paint, env }: Context): void {
  const config = parseLaunchConfig(env);
  const file = relative(process.cwd(), secretsFile(config.SLUICE_HOME));
  const count = report.workers.length;
  const parts =
    report.mode === "main" ? "one process" : `API and ${count} worker${count > 1 ? "s" : ""}`;
  const key = launched.freshKey
    ? `${report.apiKey}  ${paint.dim(`(shown this once; kept in ${file})`)}`
    : config.SLUICE_API_KEY
      ? "the one in SLUICE_API_KEY"
      : `shown at the first start; kept in ${file}`;
  const bearer = launched.freshKey ? report.apiKey : "$SLUICE_API_KEY";
  out(`${paint.green("ready")} in ${report.mode} mode: ${parts}`);
  out(`  URL        ${paint.bold(report.url)}`);
  out(`  admin key  ${key}`);
  out(`  try        curl -H "Authorization: Bearer ${bearer}" ${report.url}/api/v1/chatflows`);
  out(paint.dim("  Ctrl-C stops everything"));
}
