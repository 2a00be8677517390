import { createRoute, z } from "@hono/zod-openapi";
import {
  type Credential,
  CredentialInput,
  CredentialPatch,
  createCredential,
  deleteCredential,
  getCredential,
  listCredentials,
  redactedFields,
  updateCredential,
} from "@sluice/core/credential/credential";
import { workspaceId } from "@sluice/core/database/workspace";
import type { Deps } from "../deps.ts";
import {
  body,
  Deleted,
  deleted,
  IdParam,
  json,
  ListQuery,
  listOf,
  listReply,
  PageQuery,
  routes,
} from "../json.ts";
import { allow } from "../permission.ts";

const Reply = z.object({
  id: z.string(),
  name: z.string(),
  credentialName: z.string(),
  createdDate: z.string(),
  updatedDate: z.string(),
  workspaceId: z.string(),
});
const SavedReply = Reply.extend({ encryptedData: z.string() });
const FullReply = Reply.extend({ plainDataObj: z.record(z.string(), z.string()) });

const list = createRoute({
  method: "get",
  path: "/api/v1/credentials",
  summary: "List credentials",
  middleware: [allow("credentials:view")] as const,
  request: { query: PageQuery.extend({ credentialName: ListQuery }) },
  responses: { 200: json(listOf(Reply), "Credentials without their fields") },
});

const create = createRoute({
  method: "post",
  path: "/api/v1/credentials",
  summary: "Store a credential",
  middleware: [allow("credentials:create")] as const,
  request: { body: body(CredentialInput) },
  responses: { 200: json(SavedReply, "The credential") },
});

const get = createRoute({
  method: "get",
  path: "/api/v1/credentials/{id}",
  summary: "Get a credential with its fields redacted",
  middleware: [allow("credentials:view")] as const,
  request: { params: IdParam },
  responses: { 200: json(FullReply, "The credential") },
});

const update = createRoute({
  method: "put",
  path: "/api/v1/credentials/{id}",
  summary: "Change the given fields of a credential; redacted ones stay",
  middleware: [allow("credentials:create", "credentials:update")] as const,
  request: { params: IdParam, body: body(CredentialPatch) },
  responses: { 200: json(SavedReply, "The credential") },
});

const remove = createRoute({
  method: "delete",
  path: "/api/v1/credentials/{id}",
  summary: "Delete a credential",
  middleware: [allow("credentials:delete")] as const,
  request: { params: IdParam },
  responses: { 200: json(Deleted, "How many were there") },
});

/** Credentials. Secrets go in and do not come out. */
export const credentialRoutes = (deps: Deps) => {
  const { db, credentialKey, onConfigurationChanged } = deps;
  return routes(deps, "credentials")
    .openapi(list, async (c) => {
      const { credentialName, ...page } = c.req.valid("query");
      const found = await listCredentials(db, { ...page, credentialNames: credentialName });
      return c.json(listReply(found, page, toReply), 200);
    })
    .openapi(create, async (c) => {
      const row = await createCredential(db, credentialKey, c.req.valid("json"));
      return c.json(toSavedReply(row), 200);
    })
    .openapi(get, async (c) => {
      const row = await getCredential(db, c.req.valid("param").id);
      return c.json({ ...toReply(row), plainDataObj: redactedFields(credentialKey, row) }, 200);
    })
    .openapi(update, async (c) => {
      const { id } = c.req.valid("param");
      const row = await updateCredential(db, credentialKey, id, c.req.valid("json"));
      await onConfigurationChanged();
      return c.json(toSavedReply(row), 200);
    })
    .openapi(remove, async (c) => {
      const affected = await deleteCredential(db, c.req.valid("param").id);
      await onConfigurationChanged();
      return c.json(deleted(affected), 200);
    });
};

const toReply = (row: Credential) => ({
  id: row.id,
  name: row.name,
  credentialName: row.credential_name,
  createdDate: row.created_date.toISOString(),
  updatedDate: row.updated_date.toISOString(),
  workspaceId,
});

/** Clients expect the field; what is sealed stays here. */
const toSavedReply = (row: Credential) => ({ ...toReply(row), encryptedData: "sealed" });
