import type { MiddlewareHandler } from "hono";
import type { Env } from "./deps.ts";
import { bearerOf, type KeyCache } from "./key-cache.ts";

/** Lets a request pass whose key holds one of these permissions. */
export const allow =
  (...permissions: string[]): MiddlewareHandler<Env> =>
  async (c, next) => {
    const held = c.get("apiKey")?.permissions ?? [];
    if (!permissions.some((permission) => held.includes(permission)))
      return c.json({ message: "Forbidden" }, 403);
    await next();
  };

/** For paths that need no key: notes whose key a request bears, if it bears one that is known. */
export const identify =
  (keys: Pick<KeyCache, "find">): MiddlewareHandler<Env> =>
  async (c, next) => {
    const text = bearerOf(c.req.header("authorization"));
    const key = text && (await keys.find(text));
    if (key) c.set("apiKey", key);
    await next();
  };
