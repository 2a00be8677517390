import { randomUUID } from "node:crypto";
import { OpenAPIHono } from "@hono/zod-openapi";
import { requireKey } from "./auth.ts";
import { cors } from "./cors.ts";
import type { Deps, Env } from "./deps.ts";
import { enterAlways, enterFlow, enterNative } from "./enter.ts";
import { errorBody, onError } from "./error.ts";
import { apiKeyRoutes } from "./routes/api-key.ts";
import { attachmentRoutes } from "./routes/attachment.ts";
import { chatMessageRoutes } from "./routes/chat-message.ts";
import { chatflowRoutes } from "./routes/chatflow.ts";
import { credentialRoutes } from "./routes/credential.ts";
import { documentStoreRoutes } from "./routes/document-store.ts";
import { documentStoreComponentRoutes } from "./routes/document-store-component.ts";
import { documentStoreLoaderRoutes } from "./routes/document-store-loader.ts";
import { documentStoreVectorRoutes } from "./routes/document-store-vector.ts";
import { executionRoutes } from "./routes/execution.ts";
import { feedbackRoutes } from "./routes/feedback.ts";
import { leadRoutes } from "./routes/lead.ts";
import { measured, metricsRoutes } from "./routes/metrics.ts";
import { nativePredictionRoutes } from "./routes/native-prediction.ts";
import { predictionRoutes } from "./routes/prediction.ts";
import { publicFlowRoutes } from "./routes/public-flow.ts";
import { scheduleRoutes } from "./routes/schedule.ts";
import { systemRoutes } from "./routes/system.ts";
import { toolRoutes } from "./routes/tool.ts";
import { uploadFileRoutes } from "./routes/upload-file.ts";
import { upsertHistoryRoutes } from "./routes/upsert-history.ts";
import { variableRoutes } from "./routes/variable.ts";
import { vectorRoutes } from "./routes/vector.ts";
import { webhookRoutes } from "./routes/webhook.ts";
import { webhookDeliveryRoutes } from "./routes/webhook-delivery.ts";
import { traced } from "./traced.ts";

/** The HTTP API over its dependencies; the same app serves Node, Lambda and tests. */
export function createApi(deps: Deps): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  app.onError(onError);
  app.notFound((c) => c.json(errorBody(404, `${c.req.method} ${c.req.path} does not exist`), 404));
  app.use(async (c, next) => {
    c.set("log", deps.log);
    c.header("x-request-id", c.req.header("x-request-id")?.slice(0, 100) ?? randomUUID());
    await next();
  });
  if (deps.tracing) app.use(traced(deps.tracing));
  if (deps.metrics) app.use(measured(deps.metrics));
  app.use("/api/v1/prediction/:id", enterFlow(deps));
  app.use("/api/v1/webhook/:id", enterFlow(deps));
  app.use("/api/v1/vector/:kind/:id", enterFlow(deps));
  app.use("/api/v1/attachments/*", enterAlways(deps));
  app.use("/v1/predictions", enterNative(deps));
  app.use("/api/v1/*", cors(deps));
  app.use("/api/v1/*", requireKey(deps));
  app.route("/", systemRoutes(deps));
  app.route("/", predictionRoutes(deps));
  app.route("/", webhookRoutes(deps));
  app.route("/", vectorRoutes(deps));
  app.use("/v1/*", requireKey(deps));
  app.route("/", nativePredictionRoutes(deps));
  app.route("/", webhookDeliveryRoutes(deps));
  for (const routes of [
    chatflowRoutes,
    credentialRoutes,
    variableRoutes,
    toolRoutes,
    documentStoreRoutes,
    documentStoreComponentRoutes,
    documentStoreLoaderRoutes,
    documentStoreVectorRoutes,
    apiKeyRoutes,
    chatMessageRoutes,
    feedbackRoutes,
    executionRoutes,
    leadRoutes,
    attachmentRoutes,
    uploadFileRoutes,
    publicFlowRoutes,
    scheduleRoutes,
    upsertHistoryRoutes,
  ])
    app.route("/", routes(deps));
  if (deps.metrics) app.route("/", metricsRoutes(deps.metrics));
  if (deps.dashboard) {
    app.route("/admin/queues", deps.dashboard);
    app.get("/admin/queues/", (c) => c.redirect("/admin/queues"));
  }
  app.doc("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Sluice", version: deps.settings.version, description: "Runs Flowise flows" },
  });
  app.get("/docs", (c) => c.html(docsPage));
  return app;
}

// The reference renders itself from /openapi.json; without the script's host in reach the plain link remains.
const docsPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sluice API</title></head>
<body><h1>Sluice API</h1><p>The description of this API: <a href="/openapi.json">openapi.json</a></p><div id="list"></div>
<script>
fetch("/openapi.json").then((r) => r.json()).then(({ paths }) => {
  const list = document.getElementById("list");
  for (const [path, operations] of Object.entries(paths)) for (const [method, operation] of Object.entries(operations)) {
    const item = document.createElement("details");
    const head = document.createElement("summary");
    head.textContent = method.toUpperCase() + " " + path + (operation.summary ? " — " + operation.summary : "");
    const body = document.createElement("pre");
    body.textContent = JSON.stringify(operation, null, 2);
    item.append(head, body);
    list.append(item);
  }
});
</script></body></html>`;
