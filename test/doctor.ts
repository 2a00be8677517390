import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));

export interface Finding {
  level: "ok" | "warn" | "fail";
  check: string;
  message: string;
  remedy?: string;
}

/** Runs `sluice doctor` with exactly this environment. */
export async function runDoctor(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, [main, "doctor", "--json", ...args], {
    env: { PATH: process.env.PATH ?? "", MODE: "queue", ...env },
  });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  const find = (check: string) => findings.find((finding) => finding.check === check);
  return { code, out, find, findings };
}
