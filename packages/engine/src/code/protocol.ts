/**
 * What travels between the runner and a child: a header and a payload, each one line of text. Payloads are JSON that
 * was written where it was made and is read where it is used, so the processes between only pass it on.
 */
export type ToChild =
  | [kind: "code", codeId: number, code: string]
  | [kind: "forget", codeId: number]
  /** Payload: the globals as a JSON object. */
  | [kind: "run", runId: number, codeId: number, scope: string, undefinedNames: string[]]
  /** Payload: an {@link HttpAnswer}, or a message when `ok` is false. */
  | [kind: "answer", runId: number, requestId: number, ok: boolean]
  | [kind: "stop", runId: number]
  | [kind: "ping"];

export type FromChild =
  /** How many isolates can execute at the same time. */
  | [kind: "ready", threads: number]
  /** Payload: an {@link Outcome}. */
  | [kind: "done", runId: number]
  | [kind: "failed", runId: number, reason: FailureReason]
  /** Payload: an {@link HttpRequest}. */
  | [kind: "fetch", runId: number, requestId: number]
  | [kind: "cancelFetch", runId: number, requestId: number]
  /** Payload: a JSON string. */
  | [kind: "log", runId: number, level: string]
  | [kind: "stopped", runId: number]
  /** How many isolates have been executing for long. */
  | [kind: "busy", count: number]
  | [kind: "pong"];

/**
 * `crowded`: memory ran out with other runs in the same isolate; `lost`: ended by another run's fault;
 * `returned`: no thread was free to begin.
 */
export type FailureReason = "memory" | "crowded" | "lost" | "returned";

/** `j` + JSON, `u` for undefined, `n` + a number JSON cannot hold, `e` + a JSON string with the error. */
export type Outcome = string;

export interface HttpRequest {
  url: string;
  method?: string;
  headers: Record<string, string>;
  text?: string;
  base64?: string;
  timeoutMs?: number;
}

export interface HttpAnswer {
  status: number;
  statusText: string;
  headers: Record<string, string>;
  url: string;
  text?: string;
  base64?: string;
}

/** What a run may hand in, hand out or fetch, in characters of JSON. */
export const maxValueLength = 10_000_000;

const maxLineLength = 64_000_000;

export function encodeFrame(header: ToChild | FromChild, payload = ""): string {
  return `${JSON.stringify(header)}\n${payload}\n`;
}

/** Takes text as it arrives and calls back once per frame. */
export function frameReader<T>(onFrame: (header: T, payload: string) => void) {
  let rest = "";
  let header: T | undefined;
  return (chunk: string): void => {
    let from = 0;
    for (let at = chunk.indexOf("\n"); at >= 0; at = chunk.indexOf("\n", from)) {
      const line = rest + chunk.slice(from, at);
      rest = "";
      from = at + 1;
      if (header === undefined) {
        header = JSON.parse(line) as T;
      } else {
        const complete = header;
        header = undefined;
        onFrame(complete, line);
      }
    }
    rest += chunk.slice(from);
    if (rest.length > maxLineLength) throw new Error("A frame is longer than allowed");
  };
}
