import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { planFlow } from "@sluice/engine/plan";
import { withRemedy } from "@sluice/engine/unsupported";
import { CliError, type Command, type Context } from "./command.ts";
import { emptyBinding } from "./flow/binding.ts";
import { type FileFlow, readFlowFile } from "./flow/flow-file.ts";
import { findUnbound, type Unbound } from "./flow/unbound.ts";

export const check: Command = {
  summary: "Tells whether an exported flow can run here and what must be bound; needs no server",
  usage: `sluice check FILE [--bind FILE] [--force] [--json]

  --bind FILE   where to write the bind file to fill in (beside FILE: NAME.bind.json)
  --force       overwrite it
  --json        the findings as JSON on stdout; writes no file

Exit code 1 when a flow cannot run here.`,
  run: runCheck,
};

interface Finding {
  name: string;
  type: string;
  unsupported: string[];
  /** Nodes that name each of them. */
  unsupportedAt: Record<string, string[]>;
  problems: { nodeId: string; message: string }[];
  warnings: string[];
  unbound: Unbound;
}

async function runCheck(args: string[], context: Context): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { bind: { type: "string" }, force: { type: "boolean" }, json: { type: "boolean" } },
  });
  const [file] = positionals;
  if (!file) throw new CliError("check needs a file", { exitCode: 2 });
  const { flows, left } = await readFlowFile(file);
  const findings = await Promise.all(flows.map(examine));
  const runs = findings.every((one) => one.unsupported.length + one.problems.length === 0);
  if (values.json) {
    context.out(JSON.stringify({ runs, flows: findings }));
    return runs ? 0 : 1;
  }
  for (const finding of findings) tell(finding, context);
  if (left.length > 0) context.out(`Not imported: ${left.join(", ")}`);
  await writeBinding(findings, file, values, context);
  return runs ? 0 : 1;
}

async function examine({ name, type, graph }: FileFlow): Promise<Finding> {
  const { unsupported, problems, warnings } = await planFlow(graph, type);
  const unsupportedAt = Object.fromEntries(unsupported.map((each) => [each, naming(each, graph)]));
  const unbound = findUnbound(graph);
  return { name, type, unsupported, unsupportedAt, problems, warnings, unbound };
}

/** Ids of the nodes that are such a component, or hold one in an input. */
const naming = (component: string, { nodes }: FileFlow["graph"]): string[] =>
  nodes
    .filter(
      ({ data }) =>
        data.name === component || JSON.stringify(data.inputs ?? {}).includes(`"${component}"`),
    )
    .map(({ id }) => id);

function tell(finding: Finding, context: Context) {
  const { name, type, unsupported, unsupportedAt, problems, warnings, unbound } = finding;
  const { out, paint } = context;
  const runs = unsupported.length + problems.length === 0;
  out(`${runs ? paint.green("runs") : paint.red("does not run")}  ${paint.bold(name)} (${type})`);
  for (const each of unsupported)
    out(`  not supported   ${unsupportedAt[each]?.join(", ")}: ${withRemedy(each)}`);
  for (const each of problems) out(`  problem         ${each.nodeId}: ${each.message}`);
  for (const each of warnings) out(`  note            ${each}`);
  for (const { at, type: wanted, optional } of unbound.credentials)
    out(`  credential      ${at}: ${wanted}${optional ? " (optional)" : ""}`);
  for (const { at, kind } of unbound.inputs) out(`  to fill in      ${at}: ${kind}`);
  for (const { id, at } of unbound.ids) out(`  id of a row     ${at}: ${id}`);
}

async function writeBinding(
  findings: Finding[],
  file: string,
  values: { bind?: string | undefined; force?: boolean | undefined },
  { out }: Context,
): Promise<void> {
  const [finding] = findings;
  // Of an "Export all" the ids stay, so that nothing is lost that a bind file could give back.
  if (!finding || findings.length > 1) return;
  const binding = emptyBinding(finding.unbound);
  if (Object.values(binding).every((part) => Object.keys(part).length === 0)) return;
  const target = values.bind ?? `${file.replace(/\.json$/i, "")}.bind.json`;
  if (existsSync(target) && !values.force) {
    out(`  bind file       ${target} is there already (--force overwrites it)`);
    return;
  }
  await writeFile(target, `${JSON.stringify(binding, null, 2)}\n`);
  out(`  bind file       ${target}: fill it in, then: sluice import "${file}" --bind "${target}"`);
}
