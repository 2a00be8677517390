import { type Hook, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Page, Paged } from "@sluice/core/database/page";
import { AppError } from "@sluice/core/error";
import { firstProblem } from "@sluice/core/parse-input";
import { bodyLimit } from "hono/body-limit";
import type { Deps, Env } from "./deps.ts";
import { errorBody } from "./error.ts";

/** A JSON reply, in the nesting that `createRoute` asks for. */
export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  content: { "application/json": { schema } },
  description,
});

/** A JSON body, which has to be there. */
export const body = <S extends z.ZodType>(schema: S) => ({
  content: { "application/json": { schema } },
  required: true,
});

// biome-ignore lint/suspicious/noExplicitAny: what a hook is given differs from route to route
export const defaultHook: Hook<any, Env, any, any> = (result, c) =>
  result.success ? undefined : c.json(errorBody(400, firstProblem(result.error)), 400);

/**
 * An empty set of routes that refuses invalid requests in Flowise's words. Requests for the named
 * resources may not be larger than the operator allows.
 */
export function routes({ settings }: Deps, ...resources: string[]) {
  const app = new OpenAPIHono<Env>({ defaultHook });
  const limit = bodyLimit({
    maxSize: settings.maxBodyBytes,
    onError: () => {
      throw new AppError("too_large", "request entity too large");
    },
  });
  for (const resource of resources) app.use(`/api/v1/${resource}/*`, limit);
  return app;
}

export const IdParam = z.object({ id: z.string() });

export const PageQuery = z.object({
  page: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(0).optional(),
});

/** Flowise lists are bare, unless a page was asked for. */
export const listOf = <S extends z.ZodType>(row: S) =>
  z.union([z.array(row), z.object({ data: z.array(row), total: z.number() })]);

export function listReply<Row, Reply>(
  { data, total }: Paged<Row>,
  { page = 0, limit = 0 }: Page,
  toReply: (row: Row) => Reply,
): Reply[] | { data: Reply[]; total: number } {
  const rows = data.map(toReply);
  return page > 0 && limit > 0 ? { data: rows, total } : rows;
}

/** What Flowise's database layer says of a deletion. */
export const Deleted = z.object({ raw: z.array(z.unknown()), affected: z.number() });
export const deleted = (affected: number) => ({ raw: [], affected });

/** One value, a repeated one, or a JSON list as text. */
export const ListQuery = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given) => [given ?? []].flat().flatMap(listed));

function listed(text: string): string[] {
  if (!text.startsWith("[")) return text ? [text] : [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(String) : [text];
  } catch {
    return [text];
  }
}

/** A moment as text; empty means none. */
export const DateQuery = z
  .string()
  .optional()
  .transform((text, context) => {
    if (!text) return undefined;
    const date = new Date(text);
    if (!Number.isNaN(date.getTime())) return date;
    context.addIssue({ code: "custom", message: `${text} is not a date` });
    return z.NEVER;
  });
