import type { GuardedResponse } from "../http/guarded-fetch.ts";
import { readLines } from "./read-lines.ts";

/** Reads server-sent events; only their data, which every provider makes self-describing. `true` ends the reading. */
export function readSse(
  response: GuardedResponse,
  signal: AbortSignal,
  onData: (data: string) => boolean | undefined,
): Promise<void> {
  let data: string | undefined;
  const dispatch = () => {
    const event = data;
    data = undefined;
    return event === undefined ? undefined : onData(event);
  };
  return readLines(response, signal, (line) => {
    if (line === "") return dispatch();
    if (!line.startsWith("data:")) return undefined;
    const text = line.slice(line[5] === " " ? 6 : 5);
    data = data === undefined ? text : `${data}\n${text}`;
    return undefined;
  }).then(() => {
    dispatch(); // a server that leaves out the last blank line
  });
}
