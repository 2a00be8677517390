import { forgetSessions } from "@sluice/engine/chatflow/forget-sessions";
import { FlowGraph } from "@sluice/engine/graph";
import type { RedisClients } from "@sluice/engine/redis-clients";
import { readCredential } from "../credential/credential.ts";
import type { CredentialKey } from "../credential/credential-key.ts";
import type { Db } from "../database/open-database.ts";
import { AppError } from "../error.ts";
import { findFlow } from "../flow/flow.ts";
import type { ObjectStore } from "../object-store/object-store.ts";
import { chatFolder } from "../object-store/upload.ts";
import { conversationsOf, deleteMessages, emptied, type MessageFilter } from "./chat-message.ts";

const forgetTimeoutMs = 30_000;
const foldersAtOnce = 10;

interface Parts {
  db: Db;
  credentialKey: CredentialKey;
  objects: Pick<ObjectStore, "deleteFolder">;
  redis: RedisClients;
}

/**
 * Deletes messages and, of conversations that nothing is left of, the files. Of one conversation, or when `hard`, also
 * what memories outside hold of the sessions, and that first: while one is away, nothing is deleted.
 */
export async function deleteConversations(
  parts: Parts,
  flowId: string,
  filter: MessageFilter,
  { hard = false } = {},
): Promise<number> {
  const { db, objects } = parts;
  const found = await conversationsOf(db, flowId, filter);
  if (filter.chatId || hard) {
    const known = found.map(({ chatId, sessionId }) => sessionId || chatId);
    const named = filter.sessionId || filter.chatId;
    await forget(parts, flowId, [...new Set(named ? [...known, named] : known)]);
  }
  const count = await deleteMessages(db, flowId, filter, { executions: hard });
  const chatIds = [...new Set(found.map(({ chatId }) => chatId))];
  const gone = chatIds.length > 0 ? await emptied(db, flowId, chatIds) : [];
  for (let from = 0; from < gone.length; from += foldersAtOnce)
    await Promise.all(
      gone
        .slice(from, from + foldersAtOnce)
        .map((chatId) => objects.deleteFolder(chatFolder(flowId, chatId))),
    );
  return count;
}

async function forget(
  { db, credentialKey, redis }: Parts,
  flowId: string,
  sessionIds: string[],
): Promise<void> {
  const flow = await findFlow(db, flowId);
  if (!flow) return;
  const services = {
    redis,
    credential: (id: string) => readCredential(db, credentialKey, id),
    signal: AbortSignal.timeout(forgetTimeoutMs),
  };
  try {
    await forgetSessions(FlowGraph.parse(JSON.parse(flow.flow_data)), sessionIds, services);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("failed", `The flow's memory was not cleared: ${why}`, { cause });
  }
}
