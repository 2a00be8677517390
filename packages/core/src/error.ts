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
  | "unavailable";

export class AppError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
  }
}

export const notFound = (what: string, id: string): AppError =>
  new AppError("not_found", `${what} ${id} not found`);
