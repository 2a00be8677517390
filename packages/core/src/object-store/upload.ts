import { AppError } from "../error.ts";
import type { ObjectStore } from "./object-store.ts";

/** Where an uploaded file of a conversation is kept; Flowise's layout below one organisation. */
export const uploadKey = (flowId: string, chatId: string, name: string): string =>
  `${chatFolder(flowId, chatId)}/${safeName(name)}`;

/** Where all files of a conversation are. */
export const chatFolder = (flowId: string, chatId: string): string =>
  `${flowFolder(flowId)}/${encodeURIComponent(chatId).replaceAll(".", "%2E")}`;

/** Where all files of a flow's conversations are. */
export const flowFolder = (flowId: string): string => `uploads/${flowId}`;

/** A file's name without what would lead elsewhere. */
export function safeName(name: string): string {
  const base = name.split(/[/\\]/).at(-1) ?? "";
  const clean = [...base]
    .filter((character) => character >= " " && !'<>:"|?*\u007f'.includes(character))
    .join("")
    .replace(/^\.+/, "")
    .slice(0, 200);
  if (clean === "")
    throw new AppError("invalid", `${JSON.stringify(name)} is not a usable file name`);
  return clean;
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
