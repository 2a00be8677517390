import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Policy } from "./desired-count.ts";
import { plotDays } from "./plot-days.ts";
import { defaultPolicy } from "./policy.ts";
import { type Day, simulateDay, workingDay } from "./simulated-day.ts";

// A simulated day under some policies: `npm run simulate` prints what each costs and writes docs/autoscaler-day.svg.
const dollarsPerWorkerHour = 0.03238 + 2 * 0.00356 + 0.005; // 1 vCPU and 2 GB on ARM, on demand, with its address
const options = {
  trace: workingDay(20, 30),
  perWorker: 200,
  startSeconds: 60,
  everySeconds: 5,
};
const limits = { ...defaultPolicy, min: 1, max: 10 };
const policies: Record<string, Policy | { fixed: number }> = {
  "always 5": { fixed: 5 },
  tight: { ...limits, fill: 0.95, calmMs: 30_000, stepIn: 1, lateMs: 30_000 },
  default: limits,
  roomy: { ...limits, fill: 0.4, calmMs: 900_000 },
  "from zero": { ...limits, min: 0 },
};

const days: Record<string, Day> = {};
for (const [name, policy] of Object.entries(policies)) days[name] = simulateDay(policy, options);

const row = (cells: (string | number)[]) => `| ${cells.join(" | ")} |`;
console.log(
  row(["policy", "wait p50", "p95", "p99", "longest (s)", "worker hours", "$ a day", "changes"]),
);
console.log(row(Array(8).fill("---")));
for (const [name, { waits, workerHours, changes }] of Object.entries(days)) {
  const cost = (workerHours * dollarsPerWorkerHour).toFixed(2);
  const { p50, p95, p99, max } = waits;
  console.log(row([name, p50, p95, p99, max, workerHours.toFixed(1), cost, changes]));
}
const file = fileURLToPath(new URL("../../../docs/autoscaler-day.svg", import.meta.url));
writeFileSync(file, plotDays(days));
