import { appendFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../scripts/bundle.ts";
import { type Case, cases, growthLoad, modelFirstTokenMs } from "./cases.ts";
import { growthLines, measureGrowth } from "./growth.ts";
import { measureHop } from "./hop.ts";
import { type IdleReport, measureIdle } from "./idle.ts";
import { type Installed, installFlows } from "./install-flows.ts";
import { load } from "./load.ts";
import { readOptions, usage } from "./options.ts";
import { topFunctions } from "./profile.ts";
import { ratioLines } from "./ratios.ts";
import { retrievalTable } from "./retrieval-table.ts";
import { startSimulator } from "./simulator-process.ts";
import { type Split, startSplit } from "./split.ts";
import { idleTable, legend, loadTable, type Measured } from "./table.ts";
import { flowise, openai } from "./wire.ts";

if (process.argv.includes("--help")) {
  console.log(usage);
  process.exit(0);
}
const options = readOptions(process.argv.slice(2));
const wants = (group: string) => options.only?.has(group) ?? true;
const chosen = cases.filter((each) => wants(each.group) && (!options.quick || each.quick));
const retrieves = options.only?.has("retrieval") ?? !options.quick;
const grows = options.only?.has("growth") ?? !options.quick;
const [warmUpMs, durationMs] = options.quick ? [1000, 2500] : [3000, 6000];
const measured: Measured[] = chosen.map(({ name }) => ({ name, reports: [] }));
const idle = ["bundled", "from source"].map((name) => ({ name, reports: [] as IdleReport[] }));

// Whatever hangs, the benchmark ends: each case has about four times what it needs.
const wholeMs =
  60_000 +
  options.rounds * (chosen.length + 2) * (warmUpMs + durationMs) * 4 +
  (retrieves ? 400_000 : 0) +
  (grows ? 600_000 : 0);
let ending = false;
const watchdog = setTimeout(() => void end("The benchmark took too long"), wholeMs);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void end(`Stopped by ${signal}`));

const stops: (() => Promise<void>)[] = [];
let reason: string | undefined;
try {
  if (options.bundled || wants("idle"))
    await bundle(fileURLToPath(new URL("../dist", import.meta.url)));
  if (wants("idle"))
    for (let round = 0; round < options.rounds; round += 1)
      for (const each of idle) {
        const report = await measureIdle(each.name === "bundled");
        each.reports.push(report);
        note(round, `idle, ${each.name}`, report);
      }
  if (chosen.length > 0 || grows) await measureAll();
  if (retrieves) {
    const { measureRetrieval } = await import("../packages/engine/bench/retrieval.ts");
    const report = await measureRetrieval();
    note(0, "retrieval", report);
    console.log(`\n${retrievalTable(report)}`);
  }
} catch (error) {
  reason = error instanceof Error ? error.message : String(error);
}
await end(reason);

async function measureAll(): Promise<void> {
  const simulator = await startSimulator();
  stops.push(simulator.stop);
  const profile = options.profile && resolve(options.profile);
  if (profile) await mkdir(profile, { recursive: true });
  const split = await startSplit({
    bundled: options.bundled,
    ...(profile && { env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` } }),
  });
  stops.push(async () => {
    await split.stop();
    if (profile) console.log(`\n${await topFunctions(profile, split.watched)}`);
  });
  const { url, apiKey } = split.report;
  const flows = await installFlows({ url, apiKey }, simulator.url);
  for (const [name, flow] of Object.entries(flows))
    if ("refused" in flow && wants(name)) console.log(`${name} skipped: ${flow.refused}`);
  for (let round = 0; round < options.rounds; round += 1)
    for (const [index, each] of chosen.entries()) {
      const report = await measure(each, split, simulator, flows);
      if (!report || ending) continue;
      measured[index]!.reports.push(report);
      note(round, each.name, report);
    }
  if (grows && !ending) await grow(split, flows);
}

async function grow(split: Split, { a }: Installed): Promise<void> {
  if (!a || "refused" in a) return;
  const common = { ...growthLoad, modelFirstTokenMs, warmUpMs, durationMs, timeoutMs: 30_000 };
  const report = await measureGrowth({
    postgresUrl: split.report.postgres.url,
    flowId: a.id,
    messages: 1_000_000,
    rounds: 3,
    measure: () =>
      load({ ...common, url: new URL(split.report.url), wire: flowise(a.id) }, split.watched),
    note: (what) => void process.stderr.write(`${what}\n`),
  });
  note(0, "growth", report);
  for (const line of growthLines(report)) console.log(line);
}

async function measure(
  each: Case,
  split: Split,
  simulator: { url: string; pid: number },
  flows: Installed,
) {
  const watched = { ...split.watched, simulator: simulator.pid, client: process.pid };
  if (each.kind === "hop") {
    const redisUrl = split.report.redis?.url;
    if (!redisUrl) return undefined;
    return measureHop({ redisUrl, callers: each.callers, warmUpMs, durationMs, watched });
  }
  const flow = flows[each.flow];
  if (!flow || "refused" in flow) return undefined;
  const common = { ...each.load, modelFirstTokenMs, warmUpMs, durationMs, timeoutMs: 30_000 };
  return each.kind === "model"
    ? load({ ...common, url: new URL(simulator.url), wire: openai }, watched)
    : load({ ...common, url: new URL(split.report.url), wire: flowise(flow.id) }, watched);
}

function note(round: number, name: string, report: object): void {
  process.stderr.write(`round ${round + 1}: ${name}\n`);
  if (options.json)
    appendFileSync(options.json, `${JSON.stringify({ round: round + 1, name, ...report })}\n`);
}

async function end(reason: string | undefined): Promise<void> {
  if (ending) return;
  ending = true;
  clearTimeout(watchdog);
  const filled = measured.filter(({ reports }) => reports.length > 0);
  if (idle[0]?.reports.length)
    console.log(`\n${idleTable(idle.filter((each) => each.reports.length > 0))}`);
  if (filled.length > 0) console.log(`\n${loadTable(filled)}\n${legend}\n`);
  for (const line of ratioLines(filled)) console.log(line);
  for (const stop of stops.toReversed())
    await stop().catch((error: unknown) => console.error(String(error)));
  if (reason) console.error(reason);
  process.exit(reason ? 1 : 0);
}
