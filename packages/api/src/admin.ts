import type { ApiKey } from "@sluice/core/api-key/api-key";
import { keyPermissions } from "@sluice/core/api-key/permission";
import { AppError } from "@sluice/core/error";
import type { MiddlewareHandler } from "hono";
import type { Env } from "./deps.ts";

/** An admin key may do everything. */
export const isAdmin = (key: ApiKey | undefined): boolean =>
  key !== undefined && keyPermissions.every((permission) => key.permissions.includes(permission));

/** Lets only admin keys pass; behind what identifies the key. */
export const adminOnly: MiddlewareHandler<Env> = async (c, next) => {
  if (!isAdmin(c.get("apiKey")))
    throw new AppError("forbidden", "This needs an admin key: one with all permissions");
  await next();
};
