import type { LoadReport } from "./load.ts";
import { type Measured, middle } from "./table.ts";

/** What the figures are judged by: each against its floor of the same round. */
export function ratioLines(measured: Measured[]): string[] {
  const find = (name: string) => measured.find((each) => each.name === name);
  const lines: string[] = [];
  const share = (name: string, floorName: string, words: string) => {
    const ours = find(name);
    const floor = find(floorName);
    if (!ours || !floor) return;
    const shares = paired(ours, floor, (a, b) => (a.perS / b.perS) * 100);
    lines.push(`${name}: ${middle(shares, 0)} % of ${words}`);
  };
  share("c sync C=50", "hop C=50", "the BullMQ hop (C=50)");
  for (const { name } of measured) {
    const floorName = `model for ${name}`;
    share(name, floorName, "what the simulator alone gives");
    const ours = find(name);
    const floor = find(floorName);
    if (!ours || !floor) continue;
    const over = (key: "p50" | "p99") =>
      middle(
        paired(ours, floor, (a, b) => firstToken(a, key) - firstToken(b, key)),
        0,
      );
    lines.push(
      `${name}: first token ${over("p50")} ms (p50), ${over("p99")} ms (p99) over the simulator alone`,
    );
  }
  return lines;
}

const firstToken = (report: unknown, key: "p50" | "p99") =>
  (report as LoadReport).firstTokenOverModelMs?.[key] ?? 0;

function paired(
  ours: Measured,
  floor: Measured,
  compare: (a: Measured["reports"][number], b: Measured["reports"][number]) => number,
): number[] {
  return ours.reports.flatMap((report, index) => {
    const beside = floor.reports[index];
    return beside ? [compare(report, beside)] : [];
  });
}
