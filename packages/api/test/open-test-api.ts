import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenAPIHono } from "@hono/zod-openapi";
import { ensureAdminKey } from "@sluice/core/api-key/api-key";
import { credentialKeyFromBytes } from "@sluice/core/credential/credential-key";
import { openDiskObjectStore } from "@sluice/core/object-store/disk-object-store";
import { openTestDatabase } from "../../../test/database.ts";
import { requireKey } from "../src/auth.ts";
import type { Deps, Env } from "../src/deps.ts";
import { onError } from "../src/error.ts";
import { openKeyCache } from "../src/key-cache.ts";
import { apiKeyRoutes } from "../src/routes/api-key.ts";
import { chatMessageRoutes } from "../src/routes/chat-message.ts";
import { chatflowRoutes } from "../src/routes/chatflow.ts";
import { credentialRoutes } from "../src/routes/credential.ts";
import { executionRoutes } from "../src/routes/execution.ts";
import { feedbackRoutes } from "../src/routes/feedback.ts";
import { leadRoutes } from "../src/routes/lead.ts";
import { publicFlowRoutes } from "../src/routes/public-flow.ts";
import { toolRoutes } from "../src/routes/tool.ts";
import { variableRoutes } from "../src/routes/variable.ts";

const adminKey = "the admin key of this test";

/** The routes that need a database and nothing else, with what they announced. */
export async function openTestApi() {
  const database = await openTestDatabase();
  const { db } = database;
  await ensureAdminKey(db, adminKey);
  const keys = openKeyCache(db);
  const announced: string[] = [];
  const deps = {
    db,
    keys,
    credentialKey: credentialKeyFromBytes(new Uint8Array(32)),
    objects: openDiskObjectStore(join(tmpdir(), `sluice-test-api-${process.pid}`)),
    settings: { maxBodyBytes: 100_000 },
    onFlowChanged: async (id: string) => void announced.push(`flow ${id}`),
    onKeysChanged: async () => {
      announced.push("keys");
      keys.onChange({ kind: "key", id: "" });
    },
    onConfigurationChanged: async () => void announced.push("configuration"),
  } as unknown as Deps;
  const app = new OpenAPIHono<Env>();
  app.onError(onError);
  app.use("/api/v1/*", requireKey(deps));
  const all = [
    chatflowRoutes,
    publicFlowRoutes,
    credentialRoutes,
    variableRoutes,
    toolRoutes,
    apiKeyRoutes,
    chatMessageRoutes,
    feedbackRoutes,
    leadRoutes,
    executionRoutes,
  ];
  for (const routes of all) app.route("/", routes(deps));

  /** A call with the given key; `null` sends none. */
  async function call(method: string, path: string, body?: unknown, key: string | null = adminKey) {
    const headers = new Headers(key === null ? {} : { authorization: `Bearer ${key}` });
    if (body !== undefined) headers.set("content-type", "application/json");
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const init = body === undefined ? { method, headers } : { method, headers, body: text };
    const response = await app.request(`/api/v1${path}`, init);
    return { status: response.status, answer: (await response.json()) as Answer };
  }
  return { app, call, announced, database };
}

/** Whatever JSON came: the tests compare it with what is expected. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads replies of every shape
type Answer = any;
export type TestApi = Awaited<ReturnType<typeof openTestApi>>;
