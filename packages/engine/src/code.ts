/** Runs an author's JavaScript away from this process. */
export interface CodeRunner {
  /**
   * Runs `code` as the body of an async function and resolves with what it returns (JSON values).
   * Rejects with {@link CodeError} when the code throws, runs out of time or memory.
   */
  run(request: CodeRequest): Promise<unknown>;
  close(): Promise<void>;
}

export interface CodeRequest {
  code: string;
  /** Name → JSON value, visible as globals: `$input`, `$vars`, `$flow`, `$<name>`. */
  globals: Record<string, unknown>;
  /** Contexts are reused only within one scope: a flow and its version. */
  scope: string;
  signal?: AbortSignal;
  /** Wall clock, including awaits; default from the runner's settings. */
  timeoutMs?: number;
}

export class CodeError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "CodeError";
  }
}
