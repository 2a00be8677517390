import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "@sluice/core/error";
import { getFlow } from "@sluice/core/flow/flow";
import { fullFileUpload } from "@sluice/core/flow/full-file-upload";
import { safeName, uploadKey } from "@sluice/core/object-store/upload";
import { parseInput } from "@sluice/core/parse-input";
import { attachmentText } from "../attachment-text.ts";
import type { Deps, Env } from "../deps.ts";
import { json } from "../json.ts";
import { ConversationId } from "../prediction-input.ts";
import { readForm } from "../read-body.ts";

const maxFiles = 20;
const readTimeoutMs = 120_000;

const Attachment = z.object({
  name: z.string(),
  mimeType: z.string(),
  size: z.number(),
  content: z.string(),
});

const attach = createRoute({
  method: "post",
  path: "/api/v1/attachments/{chatflowId}/{chatId}",
  summary: "Read files that belong to a question as a whole",
  request: {
    params: z.object({ chatflowId: z.string(), chatId: z.string() }),
    body: {
      content: {
        "multipart/form-data": {
          schema: z.looseObject({ files: z.unknown(), base64: z.string().optional() }),
        },
      },
    },
  },
  responses: { 200: json(z.array(Attachment), "Their texts, in order") },
});

/**
 * Files whose text the client puts into its question; they are kept with the conversation. Needs no key. Nothing is read
 * of a body before the flow is known to take files.
 */
export function attachmentRoutes(deps: Deps) {
  const app = new OpenAPIHono<Env>();
  app.openAPIRegistry.registerPath(attach);
  app.post("/api/v1/attachments/:chatflowId/:chatId", async (c) => {
    const chatflowId = c.req.param("chatflowId");
    const chatId = parseInput(ConversationId, c.req.param("chatId"));
    const isAllowed = fullFileUpload(await getFlow(deps.db, chatflowId));
    if (!isAllowed) throw new AppError("invalid", "This flow does not take whole files");
    const { maxBodyBytes } = deps.settings;
    const form = await readForm(c, maxBodyBytes);
    const files = form.getAll("files").filter((value) => value instanceof File);
    if (files.length === 0) throw new AppError("invalid", "files: no file was sent");
    if (files.length > maxFiles)
      throw new AppError("invalid", `files: at most ${maxFiles} are taken at once`);
    const asBase64 = form.get("base64") === "true";
    const until = Date.now() + readTimeoutMs;
    const attachments: z.infer<typeof Attachment>[] = [];
    let characters = 0;
    for (const file of files) {
      const mime = file.type.split(";")[0]?.trim().toLowerCase() ?? "";
      if (!isAllowed(mime))
        throw new AppError("invalid", `${file.name}: files of type ${mime} are not taken here`);
      const bytes = Buffer.from(await file.arrayBuffer());
      const name = safeName(file.name);
      const content = asBase64
        ? bytes.toString("base64")
        : await attachmentText(
            deps.parser,
            { name, mime, bytes },
            { signal: c.req.raw.signal, until },
          );
      characters += content.length;
      // The client is to send it back in a question.
      if (!asBase64 && characters > maxBodyBytes)
        throw new AppError("too_large", `The files hold more than ${maxBodyBytes} characters`);
      await deps.objects.put(uploadKey(chatflowId, chatId, name), bytes);
      // Clients find the content by the name that they sent.
      attachments.push({ name: file.name, mimeType: mime, size: bytes.length, content });
    }
    return c.json(attachments, 200);
  });
  return app;
}
