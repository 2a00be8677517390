import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSimulator } from "@sluice/simulator/simulator";
import { importFile } from "./client/import-file.ts";
import { readEvents } from "./client/prediction-stream.ts";
import { connect, refused, type Server } from "./client/server.ts";
import { openStreamPrinter } from "./client/stream-printer.ts";
import { CliError, type Command, type Context } from "./command.ts";
import { Binding } from "./flow/binding.ts";
import { readFlowFile } from "./flow/flow-file.ts";
import { launch } from "./launcher/launch.ts";
import { parseLaunchConfig } from "./launcher/launch-config.ts";
import { openTemporaryHome } from "./launcher/temporary-home.ts";

export const demo: Command = {
  summary: "Runs an exported agentflow through the whole split once, against a simulated model",
  usage: `sluice demo

Brings everything up in a folder of its own, imports examples/flows/Translator.json, asks it one question and
stops everything. Needs no key and no network.`,
  run: (_args, context) => runDemo(context),
};

const flowFile = fileURLToPath(new URL("../../../examples/flows/Translator.json", import.meta.url));
const question = "A sluice lets the water through at the pace the channel can take.";

async function runDemo(context: Context): Promise<number> {
  const { env, note, out, paint } = context;
  const home = await openTemporaryHome("sluice-demo");
  const logFile = join(home.path, "processes.log");
  const log = await open(logFile, "w");
  const simulator = await openSimulator({ ttftMs: 80, gapMs: 40 });
  const startedAt = performance.now();
  const starting = launch({
    // The outbound guard refuses this machine's own addresses, and the simulated model has one.
    env: {
      ...env,
      HTTP_SECURITY_CHECK: "false",
      PORT: "0",
      WORKER_PORT: "0",
      SLUICE_HOME: home.path,
    },
    workers: 1,
    // A Redis that had to be unpacked is kept for the next time.
    toolHome: parseLaunchConfig(env).SLUICE_HOME,
    output: log.fd,
    note,
  });
  const interrupted = context.stopped.then((): never => {
    throw new CliError("interrupted", { exitCode: 130 });
  });
  interrupted.catch(() => {});
  try {
    out(`${paint.bold("Flowise's template Translator, as it was exported, through the split")}\n`);
    const launched = await Promise.race([starting, interrupted]);
    const { mode, url, apiKey, workers } = launched.report();
    const parts =
      mode === "queue" ? `API, ${workers.length} worker, Redis, PostgreSQL` : "API, PostgreSQL";
    const upMs = Math.round(performance.now() - startedAt);
    out(`  ${paint.green("✓")} ${mode} mode: ${parts} ${paint.dim(`up in ${upMs} ms`)}`);
    const server = connect(url, apiKey);
    await Promise.race([askOnce(server, simulator.url, context), interrupted]);
  } catch (error) {
    const lines = (await readFile(logFile, "utf8").catch(() => "")).trimEnd().split("\n");
    for (const line of lines.slice(-10)) if (line) note(paint.dim(line));
    throw error;
  } finally {
    await starting.then((launched) => launched.stop()).catch(() => {});
    await simulator.close();
    await log.close();
    await home.remove();
  }
  out(`  ${paint.green("✓")} everything stopped\n\nGo on with: npm start`);
  return 0;
}

/** Imports, asks, shows, and takes back what it made: the database may be one that is set by the environment. */
async function askOnce(server: Server, modelUrl: string, context: Context): Promise<void> {
  const { out, paint } = context;
  const at = "llmAgentflow_0/llmModelConfig";
  const data = { googleGenerativeAPIKey: "simulated" };
  const binding = Binding.parse({
    credentials: { [at]: { type: "googleGenerativeAI", data } },
    inputs: { [`${at}/baseUrl`]: modelUrl },
  });
  const file = await readFlowFile(flowFile);
  const [flow] = await importFile(server, file, { binding, replace: false, env: context.env });
  if (!flow) throw new CliError(`${flowFile} holds no flow`);
  try {
    out(`  ${paint.green("✓")} imported, its Gemini model bound to a simulated one`);
    out(`\n  ${paint.dim("question")}  ${question}\n`);
    const response = await server.send(
      `/prediction/${flow.id}`,
      { question, streaming: true },
      AbortSignal.timeout(60_000),
    );
    if (!response.ok) throw refused(response.status, await response.text());
    const printer = openStreamPrinter(context);
    for await (const event of readEvents(response)) printer.print(event);
    if (printer.text() === "") throw new CliError("the flow answered nothing");
  } finally {
    await server.delete(`/chatflows/${flow.id}`).catch(() => {});
  }
}
