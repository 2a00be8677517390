import { createHash } from "node:crypto";
import { isUuid } from "../database/uuid.ts";
import { AppError } from "../error.ts";
import type { ObjectStore } from "./object-store.ts";

/** Longest name of a file or folder, in bytes; file systems take 255. */
const maxNameBytes = 200;

/** Where the files of a flow's conversations are kept; Flowise's layout below one organisation. */
export function flowFolder(flowId: string): string {
  // It may come from a path, and folders are deleted as a whole.
  if (!isUuid(flowId)) throw new AppError("invalid", "Invalid chatflowId");
  return `uploads/${flowId}`;
}

export const chatFolder = (flowId: string, chatId: string): string =>
  `${flowFolder(flowId)}/${folderOf(chatId)}`;

/** Where an uploaded file of a conversation is kept. */
export const uploadKey = (flowId: string, chatId: string, name: string): string =>
  `${chatFolder(flowId, chatId)}/${safeName(name)}`;

/** Where the text of a file is that came whole with a question. No file has such a name. */
export const fileTextKey = (flowId: string, chatId: string, name: string): string =>
  `${chatFolder(flowId, chatId)}/.text/${safeName(name)}`;

function folderOf(chatId: string): string {
  const folder = encodeURIComponent(chatId.toWellFormed()).replaceAll(".", "%2E");
  // Without a name it would be the flow's own.
  if (folder.length <= maxNameBytes) return folder || "~";
  const hash = createHash("sha256").update(chatId).digest("base64url");
  return `${folder.slice(0, maxNameBytes - hash.length - 1)}~${hash}`;
}

/** A file's name without what would lead elsewhere. */
export function safeName(name: string): string {
  const base = name.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  const bare = [...base]
    .filter((character) => character >= " " && !'<>:"|?*\u007f'.includes(character))
    .join("")
    .replace(/^\.+/, "");
  const clean = cut(bare, maxNameBytes);
  if (clean === "")
    throw new AppError("invalid", `${JSON.stringify(name)} is not a usable file name`);
  return clean;
}

/** The characters that fit so many bytes. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  return new TextDecoder("utf8").decode(bytes.subarray(0, maxBytes), { stream: true });
}

/** Keeps the content of a data URI; throws `invalid` for anything else. */
export async function storeUpload(
  objects: ObjectStore,
  place: { flowId: string; chatId: string },
  { name, data }: { name: string; data: string },
): Promise<void> {
  const match = /^data:[^,]*;base64,/.exec(data);
  if (!match) throw new AppError("invalid", `uploads: ${name} is not a base64 data URI`);
  const bytes = Buffer.from(data.slice(match[0].length), "base64");
  await objects.put(uploadKey(place.flowId, place.chatId, name), bytes);
}
