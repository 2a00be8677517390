import { sql } from "kysely";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import type { ObjectStore } from "../object-store/object-store.ts";
import { fileTextKey, uploadKey } from "../object-store/upload.ts";

/** A message that is gone, as far as it names files. */
export interface GoneMessage {
  chatflowid: string;
  chat_id: string;
  file_uploads: string | null;
  artifacts: string | null;
}

const Named = z.array(z.looseObject({ type: z.string(), name: z.string() })).catch([]);
const Made = z.array(z.looseObject({ data: z.unknown() })).catch([]);

/** Deletes the files that gone messages name, but those that messages of the same conversation still name. */
export async function deleteUploads(
  { db, objects }: { db: Db; objects: Pick<ObjectStore, "delete"> },
  gone: GoneMessage[],
): Promise<void> {
  const withFiles = gone.filter((message) => message.file_uploads ?? message.artifacts);
  if (withFiles.length === 0) return;
  const [flowIds, chatIds] = [
    [...new Set(withFiles.map((message) => message.chatflowid))],
    [...new Set(withFiles.map((message) => message.chat_id))],
  ];
  const left = await db
    .selectFrom("chat_message")
    .select(["chatflowid", "chat_id", "file_uploads", "artifacts"])
    .where("chatflowid", "=", sql<string>`any(${flowIds}::uuid[])`)
    .where("chat_id", "=", sql<string>`any(${chatIds}::text[])`)
    .where((e) => e.or([e("file_uploads", "is not", null), e("artifacts", "is not", null)]))
    .execute();
  const used = new Set(left.flatMap(keysOf));
  const unused = new Set(withFiles.flatMap(keysOf).filter((key) => !used.has(key)));
  for (const key of unused) await objects.delete(key);
}

function keysOf({ chatflowid, chat_id, file_uploads, artifacts }: GoneMessage): string[] {
  const uploaded = Named.parse(parsed(file_uploads)).filter(({ type }) =>
    type.startsWith("stored-file"),
  );
  const made = Made.parse(parsed(artifacts)).flatMap(
    ({ data }) => /^FILE-STORAGE::(.+)/.exec(String(data))?.[1] ?? [],
  );
  const of = (key: typeof uploadKey, name: string): string[] => {
    try {
      return [key(chatflowid, chat_id, name)];
    } catch {
      return []; // no such name was ever kept
    }
  };
  return [
    ...uploaded.flatMap(({ type, name }) => [
      ...of(uploadKey, name),
      ...(type === "stored-file:full" ? of(fileTextKey, name) : []),
    ]),
    ...made.flatMap((name) => of(uploadKey, name)),
  ];
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? [] : JSON.parse(text);
  } catch {
    return [];
  }
}
