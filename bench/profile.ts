import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Watched } from "./process-usage.ts";

interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  samples: number[];
  timeDeltas: number[];
}

const idle = new Set(["(idle)", "(program)", "(root)"]);

/** The functions of each watched process that took most time themselves, of the time it was not idle. */
export async function topFunctions(folder: string, watched: Watched, count = 25): Promise<string> {
  const files = await readdir(folder);
  const parts: string[] = [];
  for (const [name, pid] of Object.entries(watched)) {
    const file = files.find((each) => each.includes(`.${pid}.0.`) && each.endsWith(".cpuprofile"));
    if (!file) continue;
    const profile = JSON.parse(await readFile(join(folder, file), "utf8")) as CpuProfile;
    parts.push(`${name}\n${listOf(profile, count)}`);
  }
  return parts.join("\n\n");
}

function listOf({ nodes, samples, timeDeltas }: CpuProfile, count: number): string {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const spent = new Map<string, number>();
  let busyUs = 0;
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? "";
    const us = timeDeltas[index] ?? 0;
    if (idle.has(name)) continue;
    busyUs += us;
    spent.set(name, (spent.get(name) ?? 0) + us);
  }
  return [...spent]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, us]) => `  ${((us / busyUs) * 100).toFixed(1).padStart(5)} %  ${name}`)
    .join("\n");
}

function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]) {
  const name = functionName || "(anonymous)";
  const place = url.replace(/^.*\/(node_modules|packages|dist)\//, "");
  return place ? `${name}  ${place}:${lineNumber + 1}` : name;
}
