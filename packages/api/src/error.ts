import { causeOf } from "@sluice/core/cause";
import { AppError, type ErrorCode } from "@sluice/core/error";
import type { Context, ErrorHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";

export const statusOf = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unprocessable: 422,
  limited: 429,
  failed: 500,
  canceled: 500,
  timeout: 504,
  unavailable: 503,
  overloaded: 503,
} as const satisfies Record<ErrorCode, ContentfulStatusCode>;

/** Flowise's error body. */
export const errorBody = (statusCode: number, message: string) => ({
  statusCode,
  success: false as const,
  message,
  stack: {},
});

export const onError: ErrorHandler = (error, c) => {
  if (error instanceof AppError && error.retryAfterS !== undefined)
    c.header("Retry-After", String(error.retryAfterS));
  if (error instanceof AppError) {
    const { cause, code, message } = error;
    if (code === "unavailable" && cause instanceof Error)
      c.get("log")?.warn({ reason: cause.message }, "A request could not be served");
    return answerTo(code, message, c);
  }
  if (error instanceof HTTPException)
    return c.json(errorBody(error.status, error.message), error.status);
  if (error instanceof RangeError && /call stack/.test(error.message))
    return answerTo("invalid", "The JSON is nested too deeply", c);
  if (error instanceof SyntaxError) return c.json(errorBody(400, error.message), 400);
  const cause = causeOf(error);
  if (cause) c.get("log")?.warn({ reason: error.message }, "A request could not be served");
  if (cause === "refused") return answerTo("invalid", "A value cannot be stored", c);
  if (cause === "away")
    return answerTo(
      "unavailable",
      "The service cannot do that right now; try again in a moment",
      c,
    );
  c.get("log")?.error({ reason: error.message, stack: error.stack }, "A request failed");
  if (isNative(c.req.path))
    return c.json({ code: "internal", message: "Something went wrong" }, 500);
  return c.json(errorBody(500, "Something went wrong"), 500);
};

function answerTo(code: ErrorCode, message: string, c: Context): Response {
  const status = statusOf[code];
  return isNative(c.req.path)
    ? c.json({ code, message }, status)
    : c.json(errorBody(status, message), status);
}

/** Our own API has its own error body; everything else speaks Flowise's. */
const isNative = (path: string) => path.startsWith("/v1/");
