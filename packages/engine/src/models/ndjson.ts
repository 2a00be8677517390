import type { GuardedResponse } from "../http/guarded-fetch.ts";
import { readLines } from "./read-lines.ts";

/** Reads one JSON value per line. */
export function readNdjson(
  response: GuardedResponse,
  signal: AbortSignal,
  onValue: (value: unknown) => void,
): Promise<void> {
  return readLines(response, signal, (line) => {
    if (line.trim()) onValue(JSON.parse(line));
    return undefined;
  });
}
