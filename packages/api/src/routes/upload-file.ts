import { createRoute, z } from "@hono/zod-openapi";
import { isUuid } from "@sluice/core/database/uuid";
import { AppError } from "@sluice/core/error";
import { uploadKey } from "@sluice/core/object-store/upload";
import type { Context } from "hono";
import { getMimeType } from "hono/utils/mime";
import type { Deps, Env } from "../deps.ts";
import { routes } from "../json.ts";

const Place = z.looseObject({
  chatflowId: z.string().optional(),
  chatId: z.string().optional(),
  fileName: z.string().optional(),
});
const bytes = {
  description: "The file",
  content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
};

const read = createRoute({
  method: "get",
  path: "/api/v1/get-upload-file",
  summary: "Get a file of a conversation",
  request: { query: Place.extend({ download: z.string().optional() }) },
  responses: { 200: bytes },
});

const download = createRoute({
  method: "post",
  path: "/api/v1/openai-assistants-file/download",
  summary: "Download a file of a conversation",
  request: { body: { content: { "application/json": { schema: Place } } } },
  responses: { 200: bytes },
});

/** Files that users sent and flows made, for whoever knows their conversation; needs no key. */
export const uploadFileRoutes = (deps: Deps) =>
  routes(deps, "openai-assistants-file")
    .openapi(read, (c) => {
      const { download, ...place } = c.req.valid("query");
      return send(deps, c, place, download === "true");
    })
    .openapi(download, (c) => send(deps, c, c.req.valid("json"), true));

async function send(
  { objects }: Pick<Deps, "objects">,
  c: Context<Env>,
  { chatflowId, chatId, fileName }: z.infer<typeof Place>,
  download: boolean,
) {
  // Flowise's words and statuses.
  if (!chatflowId || !chatId || !fileName) throw new AppError("failed", "Invalid file path");
  const name = fileName.replace(/^FILE-STORAGE::/, "");
  if (!isUuid(chatflowId)) return c.text("Invalid chatflowId", 400);
  if (leadsElsewhere(chatId)) return c.text("Invalid chatId", 400);
  if (leadsElsewhere(name)) return c.text("Invalid file name", 400);
  const content = await objects.get(uploadKey(chatflowId, chatId, name));
  const type = getMimeType(name) ?? "application/octet-stream";
  const shown = !download && /^(?:image|audio|video)\/|^application\/pdf$|^text\/plain/.test(type);
  c.header("content-type", shown ? type : "application/octet-stream");
  const kind = shown ? "inline" : "attachment";
  c.header(
    "content-disposition",
    `${kind}; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}`,
  );
  // Anybody may have put it there: it runs nothing.
  c.header("content-security-policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'");
  c.header("x-content-type-options", "nosniff");
  return c.body(new Uint8Array(content), 200);
}

const leadsElsewhere = (text: string): boolean =>
  /[/\\\0]/.test(text) ||
  text.split(/[/\\]/).includes("..") ||
  text === "." ||
  /%2f|%5c/i.test(text);
