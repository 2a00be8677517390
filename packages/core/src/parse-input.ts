import type { z } from "zod";
import { AppError } from "./error.ts";

/** Parses what came from outside; throws an error that names the field. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError("invalid", firstProblem(result.error));
}

/** The first thing wrong, in one line. Messages of our own rules speak for themselves. */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return "Invalid input";
  if (issue.code === "custom" || issue.path.length === 0) return issue.message;
  return `${issue.path.join(".")}: ${issue.message}`;
}
