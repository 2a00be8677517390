import { createRoute, z } from "@hono/zod-openapi";
import {
  type ApiKey,
  ApiKeyInput,
  ApiKeyPatch,
  createApiKey,
  deleteApiKey,
  findApiKey,
  listApiKeys,
  updateApiKey,
} from "@sluice/core/api-key/api-key";
import { type KeyUse, listKeyUses } from "@sluice/core/api-key/key-use";
import type { Db } from "@sluice/core/database/open-database";
import { workspaceId } from "@sluice/core/database/workspace";
import { AppError } from "@sluice/core/error";
import type { Deps } from "../deps.ts";
import { body, Deleted, deleted, IdParam, json, routes } from "../json.ts";
import { allow } from "../permission.ts";

const Reply = z.object({
  id: z.string(),
  keyName: z.string(),
  apiKey: z.string(),
  permissions: z.array(z.string()),
  updatedDate: z.string(),
  workspaceId: z.string(),
  tenant: z.string().optional(),
  rateLimit: z.string().optional(),
  maxConcurrent: z.number().optional(),
  chatFlows: z.array(
    z.object({ flowName: z.string(), category: z.string().nullable(), updatedDate: z.string() }),
  ),
});

const list = createRoute({
  method: "get",
  path: "/api/v1/apikey",
  summary: "List keys, each by its first characters",
  middleware: [allow("apikeys:view")] as const,
  responses: { 200: json(z.array(Reply), "Keys") },
});

const create = createRoute({
  method: "post",
  path: "/api/v1/apikey",
  summary: "Make a key; its text is shown this once",
  middleware: [allow("apikeys:create")] as const,
  request: { body: body(ApiKeyInput) },
  responses: { 200: json(z.array(Reply), "All keys, the new one in full") },
});

const update = createRoute({
  method: "put",
  path: "/api/v1/apikey/{id}",
  summary: "Rename a key, change what it may do or how often",
  middleware: [allow("apikeys:create", "apikeys:update")] as const,
  request: { params: IdParam, body: body(ApiKeyPatch) },
  responses: { 200: json(z.array(Reply), "All keys") },
});

const remove = createRoute({
  method: "delete",
  path: "/api/v1/apikey/{id}",
  summary: "Take a key away",
  middleware: [allow("apikeys:delete")] as const,
  request: { params: IdParam },
  responses: { 200: json(Deleted, "How many were there") },
});

const verify = createRoute({
  method: "get",
  path: "/api/v1/verify/apikey/{apikey}",
  summary: "Tell whether a key is known",
  request: { params: z.object({ apikey: z.string() }) },
  responses: { 200: json(z.literal("OK"), "It is") },
});

/** API keys. */
export const apiKeyRoutes = (deps: Deps) => {
  const { db, onKeysChanged } = deps;
  return routes(deps, "apikey")
    .openapi(list, async (c) => c.json(await allKeys(db), 200))
    .openapi(create, async (c) => {
      const input = c.req.valid("json");
      refuseMoreThanOwn(c.get("apiKey"), input.permissions);
      const { key, text } = await createApiKey(db, input);
      await onKeysChanged();
      const keys = await allKeys(db);
      return c.json(
        keys.map((one) => (one.id === key.id ? { ...one, apiKey: text } : one)),
        200,
      );
    })
    .openapi(update, async (c) => {
      const input = c.req.valid("json");
      refuseMoreThanOwn(c.get("apiKey"), input.permissions ?? []);
      await updateApiKey(db, c.req.valid("param").id, input);
      await onKeysChanged();
      return c.json(await allKeys(db), 200);
    })
    .openapi(remove, async (c) => {
      const affected = await deleteApiKey(db, c.req.valid("param").id);
      await onKeysChanged();
      return c.json(deleted(affected), 200);
    })
    .openapi(verify, async (c) => {
      if (!(await findApiKey(db, c.req.valid("param").apikey)))
        throw new AppError("unauthorized", "Unauthorized");
      return c.json("OK" as const, 200);
    });
};

/** Else a key that may make keys could do everything. */
function refuseMoreThanOwn(own: ApiKey | undefined, wanted: string[]): void {
  const more = wanted.find((permission) => !own?.permissions.includes(permission));
  if (more) throw new AppError("forbidden", `Your key does not hold ${more} itself`);
}

async function allKeys(db: Db) {
  const [keys, uses] = await Promise.all([listApiKeys(db), listKeyUses(db)]);
  return keys.map((key) => toReply(key, uses.get(key.id) ?? []));
}

const toReply = (key: ApiKey, uses: KeyUse[]) => ({
  id: key.id,
  keyName: key.key_name,
  apiKey: `${key.key_hint}••••••••`,
  permissions: key.permissions,
  updatedDate: key.updated_date.toISOString(),
  workspaceId,
  ...(key.tenant && { tenant: key.tenant }),
  ...(key.rate_limit && { rateLimit: key.rate_limit }),
  ...(key.max_concurrent !== null && { maxConcurrent: key.max_concurrent }),
  chatFlows: uses.map((use) => ({ ...use, updatedDate: use.updatedDate.toISOString() })),
});
