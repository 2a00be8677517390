import { OpenAPIHono } from "@hono/zod-openapi";
import { isUuid } from "@sluice/core/database/uuid";
import { listQueuedOfChat } from "@sluice/core/prediction/accepted-prediction";
import { cancelPrediction } from "../cancel-prediction.ts";
import type { Deps } from "../deps.ts";

/** Small calls about the service itself, and Flowise's abort. */
export function systemRoutes(deps: Deps) {
  const { db, settings, readiness, transport, log } = deps;
  const app = new OpenAPIHono();
  app.get("/api/v1/ping", (c) => c.html("pong"));
  app.get("/api/v1/version", (c) => c.json({ version: settings.version }));
  app.get("/healthz", (c) => c.text("OK"));
  app.get("/readyz", async (c) => {
    const missing = await readiness();
    return c.json({ ready: missing.length === 0, missing }, missing.length === 0 ? 200 : 503);
  });
  app.put("/api/v1/chatmessage/abort/:flowId/:chatId", async (c) => {
    const { flowId, chatId } = c.req.param();
    await transport.cancelChat(flowId, chatId).catch((error: Error) => {
      log.error({ flowId, reason: error.message }, "An abort could not be passed on");
      throw error;
    });
    // What nobody is connected for; the others are ended where their callers are.
    const stored = isUuid(flowId) ? await listQueuedOfChat(db, flowId, chatId) : [];
    for (const id of stored) await cancelPrediction(deps, id);
    return c.json({ status: 200, message: "Chat message aborted" });
  });
  return app;
}
