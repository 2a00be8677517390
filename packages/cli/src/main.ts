#!/usr/bin/env node
import { CliError, type Command, type Context } from "./command.ts";
import { openPaint } from "./paint.ts";

const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./start.ts")).start,
  demo: async () => (await import("./demo.ts")).demo,
  check: async () => (await import("./check.ts")).check,
  import: async () => (await import("./import.ts")).importFlows,
  push: async () => (await import("./push.ts")).push,
  predict: async () => (await import("./predict.ts")).predict,
  keys: async () => (await import("./keys.ts")).keys,
  chaos: async () => (await import("./chaos.ts")).chaos,
  doctor: async () => (await import("./doctor.ts")).doctor,
};

const [name = "help", ...args] = process.argv.slice(2);
const paint = openPaint(
  Boolean(process.stdout.isTTY && process.stderr.isTTY) && !process.env.NO_COLOR,
);
const context: Context = {
  env: process.env,
  out: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
  write: (text) => process.stdout.write(text),
  paint,
  stopped: new Promise((resolve) => {
    // Only these have children to end; the others may be cut off where they are.
    if (name !== "start" && name !== "demo" && name !== "chaos") return;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, resolve);
  }),
};
// A reader that went away (`sluice keys | head`) is no failure.
process.stdout.on("error", () => process.exit(0));

process.exitCode = await run();
// Sockets kept alive by fetch would hold the process for some seconds.
process.exit();

async function run(): Promise<number> {
  if (name === "help" || name === "--help" || name === "-h") return help();
  const load = commands[name];
  if (!load) {
    context.note(`sluice: there is no command "${name}"; see: sluice --help`);
    return 2;
  }
  try {
    const command = await load();
    if (args.includes("--help") || args.includes("-h")) {
      context.out(`${command.summary}\n\n${command.usage}`);
      return 0;
    }
    return await command.run(args, context);
  } catch (error) {
    return explain(error);
  }
}

async function help(): Promise<number> {
  context.out("sluice runs Flowise flows as a split deployment.\n");
  for (const [each, load] of Object.entries(commands))
    context.out(`  ${paint.bold(each.padEnd(8))} ${(await load()).summary}`);
  context.out("\nsluice <command> --help tells the options.");
  return 0;
}

function explain(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  context.note(`${paint.red("sluice:")} ${message}`);
  if (error instanceof CliError) {
    if (error.remedy) context.note(`  ${error.remedy}`);
    return error.exitCode;
  }
  const wrongUsage =
    error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  return wrongUsage ? 2 : 1;
}
