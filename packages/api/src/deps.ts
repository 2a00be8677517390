import type { ApiKey } from "@sluice/core/api-key/api-key";
import type { CredentialKey } from "@sluice/core/credential/credential-key";
import type { Db } from "@sluice/core/database/open-database";
import type { Knowledge } from "@sluice/core/document-store/open-knowledge";
import type { Intake } from "@sluice/core/limit/intake";
import type { LimitPolicies } from "@sluice/core/limit/limit-settings";
import type { PlacedTransport } from "@sluice/core/limit/placed-transport";
import type { Log } from "@sluice/core/log";
import type { ObjectStore } from "@sluice/core/object-store/object-store";
import type { ApiTransport } from "@sluice/core/prediction/transport";
import type { Tracing } from "@sluice/core/tracing/tracing";
import type { Upserts } from "@sluice/core/upsert/upsert";
import type { AddressPolicy } from "@sluice/engine/http/address-policy";
import type { FileParser } from "@sluice/engine/parse/file-parser";
import type { RedisClients } from "@sluice/engine/redis-clients";
import type { Hono } from "hono";
import type { Attendance } from "./attendance.ts";
import type { FlowCache } from "./flow-cache.ts";
import type { KeyCache } from "./key-cache.ts";
import type { Tally } from "./limit-tally.ts";
import type { ApiMetrics } from "./metrics.ts";
import type { DefaultCaps } from "./places-of.ts";
import type { QueueOutlook } from "./queue-outlook.ts";
import type { QueuePositions } from "./queue-positions.ts";

/** What the routes need; made by a composition root. */
export interface Deps {
  db: Db;
  credentialKey: CredentialKey;
  objects: ObjectStore;
  transport: ApiTransport;
  places: Pick<PlacedTransport, "enter" | "leave">;
  attendance: Attendance;
  intake: Intake;
  outlook: QueueOutlook;
  positions: QueuePositions;
  flows: FlowCache;
  keys: KeyCache;
  log: Log;
  /** Index the documents of chatflows. */
  upserts: Upserts;
  /** Fills and queries document stores. */
  knowledge: Knowledge;
  /** Reads files of conversations; absent where it cannot be started. */
  parser?: FileParser | undefined;
  /** Reaches memories that flows keep in a Redis of their author's. */
  redis: RedisClients;
  webhooks: Webhooks;
  /** Where metrics are on. */
  metrics?: Pick<ApiMetrics, "scrape" | "answered"> | undefined;
  /** Where requests are traced. */
  tracing?: Pick<Tracing, "request" | "carried"> | undefined;
  /** Where the queue's dashboard is on. */
  dashboard?: Hono<Env> | undefined;
  settings: ApiSettings;
  onFlowChanged(flowId: string): Promise<void>;
  onKeysChanged(): Promise<void>;
  onConfigurationChanged(): Promise<void>;
  /** Value of an environment variable for a variable of type `runtime`. */
  runtimeVariable(name: string): string | undefined;
  /** What is missing for taking a prediction now; empty when nothing is. */
  readiness(): Promise<string[]>;
}

export interface Webhooks {
  secret: Buffer;
  /** Where they may be sent. */
  policy: AddressPolicy;
  /** Says that one is due. */
  wake(): void;
}

export interface ApiSettings {
  trustedProxies: number;
  corsOrigins: string[];
  corsCredentials: boolean;
  maxBodyBytes: number;
  predictionTimeoutMs: number;
  upsertTimeoutMs: number;
  /** Flows without a key of their own take any; false leaves them open, as in Flowise. */
  requireKey?: boolean;
  limits: LimitPolicies;
  caps: DefaultCaps;
  version: string;
}

/** What middleware leaves for the routes behind it. */
export interface Env {
  Variables: {
    apiKey?: ApiKey;
    log: Log;
    /** Limits that were counted before flow and key were looked up. */
    entered?: Tally;
    /** The limit that refused the request. */
    limitedBy?: string;
  };
}
