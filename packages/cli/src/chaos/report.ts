import type { Context } from "../command.ts";
import type { Fate } from "./callers.ts";
import type { FaultCounts } from "./faults.ts";

export interface ChaosReport {
  sent: number;
  answered: number;
  /** Told at once that they were not taken. */
  refused: number;
  failed: number;
  lost: number;
  doubled: number;
  late: number;
  lateAfterMs: number;
  /** Null when real models were asked, which nobody counts. */
  modelCallsRepeated: number | null;
  faults: FaultCounts;
}

export function chaosReport(
  fates: Fate[],
  more: Pick<ChaosReport, "lateAfterMs" | "modelCallsRepeated" | "faults">,
): ChaosReport {
  const count = (matches: (fate: Fate) => boolean) => fates.filter(matches).length;
  return {
    sent: fates.length,
    answered: count(({ end }) => end === "answered"),
    refused: count(({ end }) => end === "refused"),
    failed: count(({ end }) => end === "failed"),
    lost: count(({ end }) => end === "lost"),
    doubled: count(({ doubled }) => doubled),
    late: count(({ end, tookMs }) => end === "answered" && tookMs > more.lateAfterMs),
    ...more,
  };
}

export function printReport(report: ChaosReport, { out, paint }: Context): void {
  const line = (name: string, value: number | null, isBad: boolean, hint = "") => {
    const text = (value === null ? "not counted" : String(value)).padStart(6);
    out(`  ${name.padEnd(22)} ${isBad ? paint.red(text) : text}  ${paint.dim(hint)}`);
  };
  const { faults } = report;
  out(
    `${faults.workersKilled} workers and ${faults.apisKilled} APIs killed, ` +
      `${faults.redisConnectionsKilled} connections to Redis killed, ` +
      `Redis restarted ${faults.redisRestarts} times and cut off ${faults.redisCuts} times`,
  );
  line("sent", report.sent, false);
  line("answered", report.answered, false);
  if (report.refused > 0) line("refused", report.refused, false, "told at once to come back");
  if (report.failed > 0) line("failed", report.failed, true, "the flow's own failures included");
  line("lost", report.lost, report.lost > 0, "neither answered nor told");
  line("doubled", report.doubled, report.doubled > 0, "events that came twice");
  line("late", report.late, false, `later than ${(report.lateAfterMs / 1000).toFixed(1)} s`);
  line("model calls repeated", report.modelCallsRepeated, false, "nodes that were cut, again");
}
