import type { MiddlewareHandler } from "hono";
import { bearerOf } from "./key-cache.ts";
import type { Deps } from "./deps.ts";

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
  "settings",
].map((path) => `/api/v1/${path}`);

/** Lets Flowise's public paths through; everything else under `/api/v1/` needs an API key. */
export function requireKey({ keys }: Pick<Deps, "keys">): MiddlewareHandler {
  return async (c, next) => {
    if (publicPrefixes.some((prefix) => c.req.path.startsWith(prefix))) return next();
    const text = bearerOf(c.req.header("authorization"));
    if (!text || !(await keys.find(text))) return c.json({ error: "Unauthorized Access" }, 401);
    return next();
  };
}
