import type { Migration } from "kysely/migration";
import * as createFlow from "../../migrations/0001-create-flow.ts";
import * as createPrediction from "../../migrations/0002-create-prediction.ts";
import * as createConversation from "../../migrations/0003-create-conversation.ts";
import * as createWorkspace from "../../migrations/0004-create-workspace.ts";
import * as acceptPrediction from "../../migrations/0006-accept-prediction.ts";
import * as pausePrediction from "../../migrations/0007-pause-prediction.ts";
import * as createSchedule from "../../migrations/0008-create-schedule.ts";
import * as createDocumentStore from "../../migrations/0009-create-document-store.ts";
import * as indexMessageAge from "../../migrations/0010-index-message-age.ts";
import * as limitApiKey from "../../migrations/0011-limit-api-key.ts";
import * as capApiKey from "../../migrations/0012-cap-api-key.ts";
import * as createUpsertHistory from "../../migrations/0013-create-upsert-history.ts";
import * as keepProgress from "../../migrations/0014-keep-progress.ts";

/** Every migration by name, in order. A list and not a folder, so that it survives bundling. */
export const migrations: Record<string, Migration> = {
  "0001-create-flow": createFlow,
  "0002-create-prediction": createPrediction,
  "0003-create-conversation": createConversation,
  "0004-create-workspace": createWorkspace,
  "0006-accept-prediction": acceptPrediction,
  "0007-pause-prediction": pausePrediction,
  "0008-create-schedule": createSchedule,
  "0009-create-document-store": createDocumentStore,
  "0010-index-message-age": indexMessageAge,
  "0011-limit-api-key": limitApiKey,
  "0012-cap-api-key": capApiKey,
  "0013-create-upsert-history": createUpsertHistory,
  "0014-keep-progress": keepProgress,
};
