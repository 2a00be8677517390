import { z } from "zod";
import { CliError, type Context } from "../command.ts";
import type { StreamEvent } from "./prediction-stream.ts";

const NodeEvent = z.looseObject({ nodeLabel: z.string(), status: z.string() });

export interface StreamPrinter {
  print(event: StreamEvent): void;
  /** Text of the answer so far. */
  text(): string;
}

/** Shows a stream as it comes: the answer's text, and a line per node with its timing. */
export function openStreamPrinter({
  write,
  paint,
}: Pick<Context, "write" | "paint">): StreamPrinter {
  const startedAt = performance.now();
  const nodeStarts = new Map<string, number>();
  let text = "";
  let atLineStart = true;
  let firstTokenMs: number | undefined;
  const line = (content: string) => {
    write(`${atLineStart ? "" : "\n"}${content}\n`);
    atLineStart = true;
  };
  return {
    text: () => text,
    print({ event, data }) {
      if (event === "token") {
        const token = String(data);
        if (token === "") return;
        if (firstTokenMs === undefined) {
          firstTokenMs = performance.now() - startedAt;
          line(paint.dim(`  first token after ${milliseconds(firstTokenMs)}`));
          write("\n");
        }
        text += token;
        write(token);
        atLineStart = token.endsWith("\n");
      } else if (event === "nextAgentFlow") {
        const { nodeLabel, status } = NodeEvent.parse(data);
        const began = nodeStarts.get(nodeLabel);
        if (status === "INPROGRESS") nodeStarts.set(nodeLabel, performance.now());
        else {
          const took = began === undefined ? "" : milliseconds(performance.now() - began);
          const mark = status === "FINISHED" ? paint.green("✓") : paint.red("✗");
          if (text !== "" && !atLineStart) write("\n\n");
          atLineStart = true;
          line(
            `  ${mark} ${nodeLabel.padEnd(24)} ${paint.dim(`${status.toLowerCase()} in ${took}`)}`,
          );
        }
      } else if (event === "error") {
        throw new CliError(String(data));
      } else if (event === "end" && !atLineStart) line("");
    },
  };
}

const milliseconds = (ms: number) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
