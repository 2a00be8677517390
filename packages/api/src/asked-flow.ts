import { findFeedbackFlow } from "@sluice/core/conversation/feedback";
import { isUuid } from "@sluice/core/database/uuid";
import type { Context } from "hono";
import type { Deps } from "./deps.ts";

const named =
  /^\/api\/v1\/(?:prediction|public-chatbotConfig|chatflows-streaming|chatflows-uploads|feedback|attachments|chatmessage\/abort|vector\/upsert|webhook)\/([^/]+)/;
/** Where a body names the flow. */
const flowFields: Record<string, string> = {
  "/api/v1/leads": "chatflowid",
  "/api/v1/openai-assistants-file/download": "chatflowId",
};
const maxBodyBytes = 64 * 1024;

/**
 * The flow that a call of a chat window is about: named in its path, its query or its body, or that of the feedback
 * which it changes. `"unsaid"` where a preflight has no body to name it in: it gives nothing away.
 */
export async function askedFlow({ db }: Pick<Deps, "db">, c: Context): Promise<string | undefined> {
  const { path, method } = c.req;
  const id = named.exec(path)?.[1];
  const wanted = method === "OPTIONS" ? c.req.header("access-control-request-method") : method;
  if (id && wanted === "PUT" && path.startsWith("/api/v1/feedback/"))
    return isUuid(id) ? findFeedbackFlow(db, id).catch(() => undefined) : undefined;
  if (id) return id;
  if (path === "/api/v1/get-upload-file") return c.req.query("chatflowId");
  const name = flowFields[path.replace(/\/$/, "")];
  if (!name) return undefined;
  return method === "OPTIONS" ? "unsaid" : flowInBody(c, name);
}

async function flowInBody(c: Context, name: string): Promise<string | undefined> {
  if (!(Number(c.req.header("content-length")) <= maxBodyBytes)) return undefined;
  // Kept for whoever reads it next.
  const body: unknown = await c.req.json().catch(() => undefined);
  const id = (body as Record<string, unknown> | undefined)?.[name];
  return typeof id === "string" ? id : undefined;
}
