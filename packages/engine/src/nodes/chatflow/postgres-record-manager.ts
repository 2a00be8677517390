import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { openPostgresRecordManager } from "../../retrieval/postgres-record-manager.ts";

/** What upserts know of earlier ones, in PostgreSQL. */
export const postgresRecordManager = defineChatNode({
  name: "postgresRecordManager",
  inputs: z.looseObject({}),
  async init(inputs, { credentialId, services, request }) {
    const credential = credentialId ? await services.credential(credentialId) : {};
    const { fetch, modelBaseUrls, postgres } = services;
    const setting = { inputs, credential, fetch, baseUrls: modelBaseUrls, postgres };
    return openPostgresRecordManager(setting, request.flowId);
  },
});
