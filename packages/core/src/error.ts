/** The errors a caller may see. Everything else is answered as an internal error. */
export type ErrorCode =
  | "invalid"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "unprocessable"
  | "limited"
  | "failed"
  | "canceled"
  | "timeout"
  | "unavailable"
  | "overloaded";

export class AppError extends Error {
  readonly code: ErrorCode;
  /** When trying again is expected to help. */
  readonly retryAfterS: number | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    { retryAfterS, ...options }: { cause?: unknown; retryAfterS?: number } = {},
  ) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

export const notFound = (what: string, id: string): AppError =>
  new AppError("not_found", `${what} ${id} not found`);
