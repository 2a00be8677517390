import { openPastMessages } from "@sluice/core/conversation/past-messages";
import type { CredentialKey } from "@sluice/core/credential/credential-key";
import type { OpenDatabase } from "@sluice/core/database/open-database";
import { openPostgresClients } from "@sluice/core/database/open-postgres-clients";
import { vectorDefaults } from "@sluice/core/database-settings";
import { storedDocuments } from "@sluice/core/document-store/chunk";
import { readKnowledge } from "@sluice/core/document-store/document-store";
import { findPreviousExecution } from "@sluice/core/execution/execution";
import { findFlow } from "@sluice/core/flow/flow";
import type { Change } from "@sluice/core/limit/intake";
import type { Log } from "@sluice/core/log";
import type { RunMetrics } from "@sluice/core/metrics/run-metrics";
import type { ObjectStore } from "@sluice/core/object-store/object-store";
import { fileTextKey, safeName, uploadKey } from "@sluice/core/object-store/upload";
import { markRunning } from "@sluice/core/prediction/accepted-prediction";
import { findEndedPrediction } from "@sluice/core/prediction/ended-prediction";
import { openFinalWriter } from "@sluice/core/prediction/final-write";
import { findCheckpoint } from "@sluice/core/prediction/paused-run";
import { maxAttempts, type PredictionJob } from "@sluice/core/prediction/prediction";
import { findProgress, openProgressWriter } from "@sluice/core/prediction/progress";
import { dropRequest, openRequest } from "@sluice/core/prediction/sealed-request";
import type { WorkerTransport } from "@sluice/core/prediction/transport";
import { openRedisClients } from "@sluice/core/redis/open-redis-clients";
import type { CommonSettings } from "@sluice/core/settings";
import { readTool } from "@sluice/core/tool/tool";
import type { Tracing } from "@sluice/core/tracing/tracing";
import type { UpsertJob } from "@sluice/core/upsert/upsert";
import { openModuleRunner } from "@sluice/engine/code/open-module-runner";
import { openGuardedFetch } from "@sluice/engine/http/open-guarded-fetch";
import { openFileParser } from "@sluice/engine/parse/open-file-parser";
import type { SharedCache } from "@sluice/engine/shared-cache";
import type { McpToolCache } from "@sluice/engine/tools/mcp/mcp";
import { openMcp } from "@sluice/engine/tools/mcp/open-mcp";
import { openConfigurationCache } from "./configuration-cache.ts";
import { giveUp } from "./give-up.ts";
import { openPlanCache } from "./plan-cache.ts";
import { runPrediction } from "./run-prediction.ts";
import { runUpsertJob } from "./run-upsert.ts";

export interface RunnerOptions {
  database: OpenDatabase;
  credentialKey: CredentialKey;
  objects: ObjectStore;
  transport: WorkerTransport;
  settings: CommonSettings;
  environment: (name: string) => string | undefined;
  log: Log;
  codeChildFile?: URL;
  /** Where processes share lists of MCP tools; each keeps its own besides. */
  mcpToolCache?: McpToolCache;
  metrics?: RunMetrics | undefined;
  tracing?: Tracing | undefined;
  /** What chatflows keep between runs. */
  cache: SharedCache;
}

/** Everything that executing predictions needs in one process; the caller closes it. */
export function openRunner(options: RunnerOptions) {
  const { database, credentialKey, objects, transport, settings, environment, log } = options;
  const { db, pool } = database;
  const outbound = {
    securityCheck: settings.HTTP_SECURITY_CHECK,
    denyList: settings.HTTP_DENY_LIST,
    allowList: settings.HTTP_ALLOW_LIST,
  };
  const fetch = openGuardedFetch(outbound);
  const postgres = openPostgresClients(outbound, vectorDefaults(settings));
  const redis = openRedisClients(outbound);
  const code = openModuleRunner({
    fetch,
    outbound,
    packages: settings.TOOL_FUNCTION_EXTERNAL_DEP,
    builtins: settings.TOOL_FUNCTION_BUILTIN_DEP,
    timeoutMs: settings.SANDBOX_TIMEOUT,
    maxProcesses: settings.SANDBOX_PROCESSES,
    ...(options.codeChildFile && {
      childFile: options.codeChildFile,
      moduleChildFile: new URL("./module-child.js", options.codeChildFile),
    }),
  });
  const parser = openFileParser(
    options.codeChildFile && { childFile: new URL("./parse-child.js", options.codeChildFile) },
  );
  const mcp = openMcp({
    fetch,
    ...(options.mcpToolCache && { cache: options.mcpToolCache }),
    ...(settings.CUSTOM_MCP_PROTOCOL === "stdio" && {
      stdio: {
        securityCheck: settings.CUSTOM_MCP_SECURITY_CHECK,
        allowedCommands: settings.CUSTOM_MCP_ALLOWED_COMMANDS,
        allowedEnvVars: settings.CUSTOM_MCP_ALLOWED_ENV_VARS,
        allowedScriptPaths: settings.CUSTOM_MCP_ALLOWED_ABSOLUTE_SCRIPT_PATHS,
      },
    }),
    maxToolsBytes: settings.CUSTOM_MCP_TOOLS_MAX_BYTES,
    connectTimeoutMs: settings.CUSTOM_MCP_AUTHORIZE_TIMEOUT_MS,
  });
  const plans = openPlanCache(db);
  const configuration = openConfigurationCache(db, credentialKey, environment);
  const writer = openFinalWriter(pool);
  const progress = openProgressWriter(pool);
  const pastMessages = openPastMessages(pool);
  const modelBaseUrls = {
    anthropic: settings.ANTHROPIC_BASE_URL,
    pinecone: settings.PINECONE_CONTROLLER_HOST,
  };
  const limits = { maxIterations: settings.MAX_ITERATIONS, maxLoopCount: settings.MAX_LOOP_COUNT };

  const services = (job: Pick<PredictionJob, "flowId" | "chatId">) => ({
    fetch,
    code,
    mcp,
    credential: configuration.credential,
    variables: configuration.variables,
    tool: (id: string) => readTool(db, id),
    documentStore: (id: string) => readKnowledge(db, id),
    storedDocuments: (id: string) => storedDocuments(db, id),
    parser,
    postgres,
    redis,
    cache: options.cache,
    file: (name: string) => objects.get(uploadKey(job.flowId, job.chatId, name)),
    fileText: async (name: string) =>
      (await objects.get(fileTextKey(job.flowId, job.chatId, name))).toString("utf8"),
    async saveFile(name: string, content: Buffer) {
      const kept = safeName(name);
      await objects.put(uploadKey(job.flowId, job.chatId, kept), content);
      return kept;
    },
    pastMessages: (sessionId: string) => pastMessages({ flowId: job.flowId, sessionId }),
    previousExecution: (sessionId: string) => findPreviousExecution(db, job.flowId, sessionId),
    now: Date.now,
    newId: () => crypto.randomUUID(),
    modelBaseUrls,
    limits,
  });
  const deps = {
    transport,
    plans,
    writer,
    openRequest: (job: PredictionJob) => openRequest(credentialKey, objects, job),
    dropRequest: (job: PredictionJob) => dropRequest(objects, job),
    findEnded: (job: PredictionJob) => findEndedPrediction(db, job),
    findProgress: (job: PredictionJob) => findProgress(db, job),
    noteProgress: progress.note,
    findCheckpoint: (id: string) => findCheckpoint(db, id),
    markRunning: (id: string, fence: number) => markRunning(db, [id], fence),
    speechToText: async (flowId: string) => (await findFlow(db, flowId))?.speech_to_text ?? null,
    services,
    log,
    metrics: options.metrics,
    tracing: options.tracing,
  };

  return {
    start(): void {
      transport.consume((job, attempt) =>
        runPrediction(deps, job, attempt).catch(async (error: Error) => {
          const reason = error.message;
          log.error(
            { predictionId: job.id, attempt, reason },
            "A prediction could not be run here",
          );
          if (attempt + 1 >= maxAttempts) await giveUp(deps, job, error);
          throw error;
        }),
      );
    },
    upsert: (job: UpsertJob, stop: AbortSignal) =>
      runUpsertJob({ db, seals: { key: credentialKey, objects }, services, log }, job, stop),
    onChange: (change: Change) => configuration.onChange(change),
    async close(): Promise<void> {
      await progress.close();
      await writer.idle();
      await code.close();
      await parser.close();
      await mcp.close();
      await fetch.close();
      await postgres.close();
      await redis.close();
    },
  };
}
