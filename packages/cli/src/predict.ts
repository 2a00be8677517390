import { parseArgs } from "node:util";
import { z } from "zod";
import { readEvents } from "./client/prediction-stream.ts";
import { findFlowRow } from "./client/rows.ts";
import { openServer, refused, serverOptions, serverUsage } from "./client/server.ts";
import { openStreamPrinter } from "./client/stream-printer.ts";
import { CliError, type Command, type Context } from "./command.ts";

export const predict: Command = {
  summary: "Asks a flow a question",
  usage: `sluice predict FLOW "question" [--stream] [--session ID] [--timeout SECONDS] [--json]

  FLOW          id or name
  --stream      show the answer as it comes, with a line per node
  --session ID  go on with a conversation
  --timeout S   give up after so many seconds (300)
  --json        the server's whole answer
${serverUsage}`,
  run: runPredict,
};

const Answer = z.looseObject({ text: z.string().optional(), json: z.unknown().optional() });

async function runPredict(args: string[], context: Context): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...serverOptions,
      stream: { type: "boolean", default: false },
      session: { type: "string" },
      timeout: { type: "string", default: "300" },
      json: { type: "boolean", default: false },
    },
  });
  const [flow, question, ...more] = positionals;
  if (!flow || question === undefined || more.length > 0)
    throw new CliError('predict needs a flow and a question: sluice predict FLOW "question"', {
      exitCode: 2,
    });
  const seconds = Number(values.timeout);
  if (!(seconds > 0)) throw new CliError("--timeout needs a number of seconds", { exitCode: 2 });
  const server = await openServer(values, context);
  const { id } = await findFlowRow(server, flow);
  const streaming = values.stream && !values.json;
  const body = { question, streaming, ...(values.session && { chatId: values.session }) };
  const signal = AbortSignal.timeout(seconds * 1000);
  try {
    const response = await server.send(`/prediction/${id}`, body, signal);
    const isStream = response.headers.get("content-type")?.includes("event-stream") ?? false;
    if (!response.ok) throw refused(response.status, await response.text());
    if (isStream) {
      const printer = openStreamPrinter(context);
      for await (const event of readEvents(response)) printer.print(event);
    } else {
      const text = await response.text();
      context.out(values.json ? text : answerText(text));
    }
  } catch (error) {
    if (signal.aborted) throw new CliError(`no end of the answer within ${seconds} s`);
    throw error;
  }
  return 0;
}

function answerText(body: string): string {
  const answer = Answer.parse(JSON.parse(body));
  return answer.text ?? JSON.stringify(answer.json ?? answer, null, 2);
}
