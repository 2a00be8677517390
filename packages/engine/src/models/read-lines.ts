import { FetchError } from "../http/fetch-error.ts";
import type { GuardedResponse } from "../http/guarded-fetch.ts";
import { ModelError } from "../model.ts";
import { brokenOff } from "./provider-request.ts";

const maxLineChars = 64 * 1024 * 1024;

/**
 * Calls `onLine` for each line as it arrives; `true` from it means that nothing of interest follows.
 * Listeners on the body, because iterating it costs a promise per chunk. Rejects if the connection is lost.
 */
export function readLines(
  { body }: GuardedResponse,
  signal: AbortSignal,
  onLine: (line: string) => boolean | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Kept in pieces: joining a long line anew at every chunk would take quadratic time.
    let pieces: string[] = [];
    let held = 0;
    let done = false;
    const fail = (error: unknown) => {
      done = true;
      body.destroy();
      reject(signal.aborted ? signal.reason : error);
    };
    const finish = () => {
      done = true;
      resolve();
    };
    const take = (line: string) => {
      if (onLine(line.endsWith("\r") ? line.slice(0, -1) : line) && !done) {
        finish();
        closeSoon(body);
      }
    };
    body.setEncoding("utf8");
    body.on("data", (chunk: string) => {
      if (done) return;
      let start = 0;
      try {
        for (let end = chunk.indexOf("\n"); end !== -1 && !done; end = chunk.indexOf("\n", start)) {
          pieces.push(chunk.slice(start, end));
          const line = pieces.length === 1 ? pieces[0]! : pieces.join("");
          pieces = [];
          held = 0;
          start = end + 1;
          take(line);
        }
        if (start < chunk.length) pieces.push(chunk.slice(start));
        held += chunk.length - start;
        if (held > maxLineChars) fail(new ModelError("The provider sent a line that is too long"));
      } catch (error) {
        fail(error);
      }
    });
    body.on("end", () => {
      if (done) return;
      try {
        if (pieces.length > 0) take(pieces.join(""));
        finish();
      } catch (error) {
        fail(error);
      }
    });
    body.on("error", (error) => fail(error instanceof FetchError ? error : brokenOff()));
    body.on("close", () => done || fail(brokenOff()));
  });
}

/** The rest of the body is read so that the connection can be used again, but not waited for long. */
function closeSoon(body: GuardedResponse["body"]): void {
  if (body.complete) return;
  const timer = setTimeout(() => body.destroy(), 1_000).unref();
  body.once("close", () => clearTimeout(timer));
}
