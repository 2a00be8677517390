import { z } from "zod";
import { CliError } from "../command.ts";
import { readBlocks } from "./read-blocks.ts";

/** One frame of Flowise's stream. */
export const StreamEvent = z.looseObject({ event: z.string(), data: z.unknown() });
export type StreamEvent = z.infer<typeof StreamEvent>;

/** Reads a prediction's event stream until its `end`. */
export async function* readEvents(response: Response): AsyncGenerator<StreamEvent> {
  if (!response.body) throw new CliError("the server answered without a stream");
  for await (const block of readBlocks(response.body)) {
    const data = block.split("\n").find((line) => line.startsWith("data:"));
    if (!data) continue;
    const event = StreamEvent.parse(JSON.parse(data.slice(5)));
    yield event;
    if (event.event === "end") return;
  }
  throw new CliError("the stream broke off before its end");
}
