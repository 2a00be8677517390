import { readdirSync, readFileSync } from "node:fs";
import { round } from "./distribution.ts";

/** Processes to be watched, by the name they have in reports. */
export type Watched = Record<string, number>;

export interface Usage {
  /** CPU seconds so far, children that have ended included; of `<name> children` those of live ones. */
  cpuS: Record<string, number>;
  residentMb: Record<string, number>;
}

interface Row {
  parent: number;
  ownTicks: number;
  endedTicks: number;
  residentMb: number;
}

// USER_HZ and the page size of every Linux that Node has builds for with 4 kB pages.
const ticksPerS = 100;
const pageBytes = 4096;

/** What the watched processes and their children have used, from /proc. */
export function readUsage(watched: Watched): Usage {
  const table = readTable();
  const usage: Usage = { cpuS: {}, residentMb: {} };
  for (const [name, pid] of Object.entries(watched)) {
    const own = table.get(pid);
    if (!own) continue;
    usage.cpuS[name] = own.ownTicks / ticksPerS;
    usage.residentMb[name] = round(own.residentMb, 1);
    const below = descendants(table, pid);
    const childTicks = below.reduce((sum, row) => sum + row.ownTicks + row.endedTicks, 0);
    if (below.length === 0 && own.endedTicks === 0) continue;
    usage.cpuS[`${name} children`] = (own.endedTicks + childTicks) / ticksPerS;
    // Shared memory counts once per process, so for PostgreSQL this is more than it takes.
    usage.residentMb[`${name} children`] = round(
      below.reduce((sum, row) => sum + row.residentMb, 0),
      1,
    );
  }
  return usage;
}

function readTable(): Map<number, Row> {
  const table = new Map<number, Row>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const text = readFileSync(`/proc/${entry}/stat`, "utf8");
      // The name in parentheses may hold anything; the numbers begin behind it.
      const fields = text
        .slice(text.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      const field = (index: number) => fields[index] ?? 0;
      table.set(Number(entry), {
        parent: field(1),
        ownTicks: field(11) + field(12),
        endedTicks: field(13) + field(14),
        residentMb: (field(21) * pageBytes) / 2 ** 20,
      });
    } catch {
      // It has ended meanwhile.
    }
  }
  return table;
}

function descendants(table: Map<number, Row>, pid: number): Row[] {
  const children = [...table].filter(([, row]) => row.parent === pid);
  return children.flatMap(([child, row]) => [row, ...descendants(table, child)]);
}

/** CPU seconds used between two readings. */
export function cpuBetween(before: Usage, after: Usage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after.cpuS).map(([name, cpuS]) => [name, cpuS - (before.cpuS[name] ?? 0)]),
  );
}
