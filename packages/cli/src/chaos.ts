import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openSimulator } from "@sluice/simulator/simulator";
import { call, type Fate, type Target } from "./chaos/callers.ts";
import { type ChaosRedis, openChaosRedis } from "./chaos/chaos-redis.ts";
import { bringFaults } from "./chaos/faults.ts";
import { type ChaosReport, chaosReport, printReport } from "./chaos/report.ts";
import { simulatedBinding } from "./chaos/simulated-binding.ts";
import { importFile } from "./client/import-file.ts";
import { connect } from "./client/server.ts";
import { CliError, type Command, type Context } from "./command.ts";
import { Binding, readBinding } from "./flow/binding.ts";
import { readFlowFile } from "./flow/flow-file.ts";
import { type Launched, launch } from "./launcher/launch.ts";
import { parseLaunchConfig } from "./launcher/launch-config.ts";
import { openTemporaryHome } from "./launcher/temporary-home.ts";

export const chaos: Command = {
  summary: "Puts load on a flow in a split of its own, kills parts of it and counts what was lost",
  usage: `sluice chaos FILE [--for 60s] [--rate 5] [--every 5s] [--question TEXT] [--real --bind FILE] [--json]

  FILE          an exported flow
  --for T       how long questions are put (60s)
  --rate N      questions in a second (5)
  --every T     time between two faults (5s)
  --question T  what is asked
  --real        ask the flow's own models, bound by --bind FILE; without it a simulated one answers
  --json        one line of JSON

Ends with 1 when something was lost, doubled or failed. See docs/chaos.md.`,
  run: runChaos,
};

/** The noticing of a dead worker, and some air for a busy machine. */
const noticingMs = 6000;
const patienceMs = 60_000;
const kinds = ["json", "stream", "own"] as const;

async function runChaos(args: string[], context: Context): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      for: { type: "string", default: "60s" },
      rate: { type: "string", default: "5" },
      every: { type: "string", default: "5s" },
      question: { type: "string", default: "What does a sluice do?" },
      real: { type: "boolean", default: false },
      bind: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [path, ...more] = positionals;
  if (!path || more.length > 0)
    throw new CliError("chaos needs one exported flow: sluice chaos FILE", { exitCode: 2 });
  if (values.bind && !values.real) throw new CliError("--bind goes with --real", { exitCode: 2 });
  const rate = Number(values.rate);
  if (!(rate > 0 && rate <= 1000))
    throw new CliError(`--rate ${values.rate}: a number up to 1000 is expected`, { exitCode: 2 });
  const plan = {
    path,
    rate,
    forMs: duration("for", values.for),
    everyMs: duration("every", values.every),
    question: values.question,
    bind: values.real ? (values.bind ?? "") : undefined,
  };
  const report = await inOwnSplit(plan, context);
  if (values.json) context.out(JSON.stringify(report));
  else printReport(report, context);
  return report.lost + report.doubled + report.failed > 0 ? 1 : 0;
}

interface Plan {
  path: string;
  rate: number;
  forMs: number;
  everyMs: number;
  question: string;
  /** A bind file, or "" for none, when the real models are asked. */
  bind: string | undefined;
}

function duration(option: string, text: string): number {
  const [, count, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  if (!count) throw new CliError(`--${option} ${text}: a time such as 60s`, { exitCode: 2 });
  return Number(count) * { ms: 1, s: 1000, m: 60_000 }[unit as "ms" | "s" | "m"];
}

/** Everything in a folder of its own, and on servers of its own: nobody's data is near. */
async function inOwnSplit(plan: Plan, context: Context): Promise<ChaosReport> {
  const { env, note } = context;
  const home = await openTemporaryHome("sluice-chaos");
  const log = await open(join(home.path, "processes.log"), "w");
  const simulator = await openSimulator({ ttftMs: 80, gapMs: 40 });
  const own = Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(REDIS_|DATABASE_|MODE$|SLUICE_)/.test(name)),
  );
  const redis = await openChaosRedis({
    home: join(home.path, "redis-of-chaos"),
    toolHome: parseLaunchConfig(env).SLUICE_HOME,
    env,
    note,
  });
  const starting = launch({
    env: {
      ...own,
      ...redis.env,
      HTTP_SECURITY_CHECK: "false",
      PORT: "0",
      WORKER_PORT: "0",
      SLUICE_HOME: home.path,
      ...(plan.bind === undefined && { ANTHROPIC_BASE_URL: simulator.url }),
    },
    workers: 2,
    spareApis: 1,
    toolHome: parseLaunchConfig(env).SLUICE_HOME,
    output: log.fd,
    note,
  });
  const stopped = context.stopped.then((): never => {
    throw new CliError("interrupted", { exitCode: 130 });
  });
  stopped.catch(() => {});
  try {
    const launched = await Promise.race([starting, stopped]);
    const calls = plan.bind === undefined ? () => simulator.stats().requests : undefined;
    return await Promise.race([
      storm(plan, launched, redis, simulator.url, calls, context),
      stopped,
    ]);
  } finally {
    await starting.then((launched) => launched.stop()).catch(() => {});
    await redis.close();
    await simulator.close();
    await log.close();
    await home.remove();
  }
}

async function storm(
  plan: Plan,
  launched: Launched,
  redis: ChaosRedis,
  modelUrl: string,
  calls: (() => number) | undefined,
  { env, note }: Context,
): Promise<ChaosReport> {
  const { url, apiKey } = launched.report();
  const file = await readFlowFile(plan.path);
  const [first] = file.flows;
  if (!first || file.flows.length > 1)
    throw new CliError(`chaos takes one flow, and ${plan.path} has ${file.flows.length}`);
  const binding =
    plan.bind === undefined
      ? simulatedBinding(first.graph, modelUrl)
      : plan.bind
        ? await readBinding(plan.bind)
        : Binding.parse({});
  const [flow] = await importFile(connect(url, apiKey), file, { binding, replace: false, env });
  const target: Target = {
    steadyUrl: url,
    spareUrl: () => launched.spareApis()[0]?.url ?? url,
    key: apiKey,
    flowId: flow!.id,
    question: plan.question,
    patienceMs,
  };
  const calm = await inCalm(target, calls);
  note(`in calm: ${(calm.tookMs / 1000).toFixed(1)} s and ${calm.calls} model calls each`);

  const before = calls?.() ?? 0;
  const over = new AbortController();
  const faults = bringFaults(launched, redis, plan.everyMs, note, over.signal);
  const waiting: Promise<Fate>[] = [];
  const until = Date.now() + plan.forMs;
  while (Date.now() < until) {
    waiting.push(call(kinds[waiting.length % kinds.length]!, target));
    await delay(1000 / plan.rate);
  }
  over.abort();
  const counts = await faults;
  const fates = await Promise.all(waiting);
  for (const reason of new Set(fates.flatMap(({ reason }) => (reason ? [reason] : []))))
    note(reason);
  const taken = fates.filter(({ end }) => end !== "refused").length;
  return chaosReport(fates, {
    lateAfterMs: noticingMs + 2 * calm.tookMs,
    modelCallsRepeated: calls ? Math.max(0, calls() - before - calm.calls * taken) : null,
    faults: counts,
  });
}

/** One to warm up and one to measure: how long the flow takes, and how often it asks a model. */
async function inCalm(target: Target, calls: (() => number) | undefined) {
  let fate = await call("json", target);
  const before = calls?.() ?? 0;
  if (fate.end === "answered") fate = await call("json", target);
  if (fate.end !== "answered")
    throw new CliError(`the flow fails even in calm: ${fate.reason ?? fate.end}`);
  return { tookMs: fate.tookMs, calls: (calls?.() ?? 0) - before };
}
