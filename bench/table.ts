import { median, round } from "./distribution.ts";
import type { HopReport } from "./hop.ts";
import type { IdleReport } from "./idle.ts";
import type { LoadReport } from "./load.ts";

export interface Measured {
  name: string;
  reports: (LoadReport | HopReport)[];
}

const heads = [
  "case",
  "per s",
  "p50",
  "p99 ms",
  "first +p50",
  "+p99 ms",
  "CPU s per 1,000",
  "peak MB",
  "wrong",
];

/** Medians of all rounds, a line for each case. */
export function loadTable(measured: Measured[]): string {
  return grid([heads, ...measured.map(rowOf)]);
}

function rowOf({ name, reports }: Measured): string[] {
  const loads = reports.filter((report): report is LoadReport => "tokens" in report);
  const first = (key: "p50" | "p99") =>
    loads[0]?.firstTokenOverModelMs
      ? String(
          middle(
            loads.map((report) => report.firstTokenOverModelMs?.[key] ?? 0),
            0,
          ),
        )
      : "";
  return [
    name,
    String(
      middle(
        reports.map(({ perS }) => perS),
        0,
      ),
    ),
    String(
      middle(
        reports.map(({ latencyMs }) => latencyMs.p50),
        1,
      ),
    ),
    String(
      middle(
        reports.map(({ latencyMs }) => latencyMs.p99),
        1,
      ),
    ),
    first("p50"),
    first("p99"),
    named(
      reports.map(({ cpuSPer1000 }) => cpuSPer1000),
      2,
    ),
    named(
      loads.map(({ peakMb }) => peakMb),
      0,
    ),
    wrongOf(reports),
  ];
}

export const middle = (values: number[], digits: number) => round(median(values), digits);

const short: Record<string, string> = {
  api: "A",
  worker: "W",
  "worker children": "Wc",
  redis: "R",
  "postgres children": "P",
  simulator: "S",
  client: "C",
  consumer: "W",
};
export const legend =
  "A API, W worker, Wc its sandbox children, R Redis, P PostgreSQL, S simulator, C load generator; " +
  "first token over the model's own time; wrong: errors, and tokens lost/doubled/out of order/foreign";

function named(rounds: Record<string, number>[], digits: number): string {
  const names = Object.keys(short).filter((name) => rounds.some((each) => each[name]));
  return names
    .map(
      (name) =>
        `${short[name]} ${middle(
          rounds.map((each) => each[name] ?? 0),
          digits,
        )}`,
    )
    .join(" ");
}

function wrongOf(reports: (LoadReport | HopReport)[]): string {
  const wrong = new Map<string, number>();
  const add = (what: string, count: number) =>
    count > 0 && wrong.set(what, (wrong.get(what) ?? 0) + count);
  for (const report of reports) {
    if ("failed" in report) add("failed", report.failed);
    else {
      for (const [error, count] of Object.entries(report.errors)) add(error, count);
      const { tokens: _, ...faults } = report.tokens;
      for (const [fault, count] of Object.entries(faults)) add(fault, count);
    }
  }
  return [...wrong].map(([what, count]) => `${count} × ${what}`).join(", ") || "none";
}

export function idleTable(idle: { name: string; reports: IdleReport[] }[]): string {
  const rows = idle.map(({ name, reports }) => [
    name,
    ...(["api", "worker"] as const).flatMap((process) => [
      String(
        middle(
          reports.map(({ readyMs }) => readyMs[process]),
          0,
        ),
      ),
      String(
        middle(
          reports.map(({ residentMb }) => residentMb[process] ?? 0),
          0,
        ),
      ),
    ]),
  ]);
  return grid([["idle", "API ready ms", "API MB", "worker ready ms", "worker MB"], ...rows]);
}

function grid(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
