import type { MiddlewareHandler } from "hono";
import type { Deps, Env } from "./deps.ts";
import { bearerOf } from "./key-cache.ts";

const publicPrefixes = [
  "verify/apikey/",
  "chatflows/apikey/",
  "public-chatflows",
  "public-chatbotConfig",
  "public-executions",
  "prediction/",
  "webhook/",
  "chatmessage/abort",
  "chatflows-streaming",
  "chatflows-uploads",
  "feedback",
  "leads",
  "get-upload-file",
  "ip",
  "ping",
  "version",
  "attachments",
  "openai-assistants-file/download",
  "settings",
].map((path) => `/api/v1/${path}`);

/** Lets Flowise's public paths through; everything else under `/api/v1/` needs an API key. */
export function requireKey({ keys }: Pick<Deps, "keys">): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (publicPrefixes.some((prefix) => c.req.path.startsWith(prefix))) return next();
    const text = bearerOf(c.req.header("authorization"));
    const key = text && (await keys.find(text));
    if (!key) return c.json({ error: "Unauthorized Access" }, 401);
    c.set("apiKey", key);
    return next();
  };
}
