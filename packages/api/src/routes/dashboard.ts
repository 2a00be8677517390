import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { HonoAdapter } from "@bull-board/hono";
import { serveStatic } from "@hono/node-server/serve-static";
import type { BoardQueue } from "@sluice/core/prediction/open-board-queue";
import { Hono, type MiddlewareHandler } from "hono";
import { isAdmin } from "../admin.ts";
import { callerIp } from "../client-ip.ts";
import type { Deps, Env } from "../deps.ts";
import { bearerOf } from "../key-cache.ts";

const dashboardPath = "/admin/queues";
const perMinute = 100;

/**
 * BullMQ's board, to look at only: what is to be done about a prediction is decided from its state in Postgres,
 * not by hand in the queue. What was asked is not shown.
 */
export function dashboardRoutes(
  deps: Pick<Deps, "keys" | "intake" | "settings">,
  queues: BoardQueue[],
) {
  const board = new HonoAdapter(serveStatic).setBasePath(dashboardPath);
  const adapters = queues.map((queue) => {
    const adapter = new BullMQAdapter(queue, { readOnlyMode: true });
    adapter.setFormatter("data", hideRequest);
    adapter.setFormatter("returnValue", () => undefined);
    return adapter;
  });
  createBullBoard({ queues: adapters, serverAdapter: board });
  const app = new Hono<Env>();
  app.use(limited(deps), adminByAnyMeans(deps));
  // Their types are of another copy of the library's interface; the value is a Hono app.
  app.route("/", board.registerPlugin() as unknown as Hono<Env>);
  return app;
}

const hideRequest = (data: unknown): unknown =>
  data && typeof data === "object" && "request" in data ? { ...data, request: "(hidden)" } : data;

/** A bearer key for programs; for browsers the key as password of any user. */
function adminByAnyMeans({ keys }: Pick<Deps, "keys">): MiddlewareHandler<Env> {
  return async (c, next) => {
    const text = keyIn(c.req.header("authorization"));
    const key = text ? await keys.find(text) : undefined;
    if (isAdmin(key)) return next();
    if (key) return c.json({ message: "Forbidden: this needs an admin key" }, 403);
    c.header("WWW-Authenticate", 'Basic realm="Sluice: an admin key as password", charset="UTF-8"');
    return c.json({ error: "Unauthorized Access" }, 401);
  };
}

function keyIn(header: string | undefined): string | undefined {
  const [, encoded] = /^basic\s+(\S+)$/i.exec(header ?? "") ?? [];
  if (!encoded) return bearerOf(header);
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, "base64").toString("utf8")) ?? [];
  return password || undefined;
}

/** Counted before keys are looked at, so that they cannot be guessed by trying; over all replicas. */
function limited({ intake, settings }: Pick<Deps, "intake" | "settings">): MiddlewareHandler<Env> {
  return async (c, next) => {
    // The page's own files are neither secret nor dear.
    if (c.req.path.startsWith(`${dashboardPath}/static/`)) return next();
    const ip = callerIp(c, settings.trustedProxies);
    const name = `dashboard:${ip}`;
    const { states } = await intake.admit([
      { kind: "window", name, max: perMinute, windowMs: 60_000 },
    ]);
    const [state] = states;
    if (!state || state.passed) return next();
    c.header("Retry-After", String(Math.ceil(state.resetMs / 1000)));
    c.set("limitedBy", "dashboard");
    return c.json({ message: tooMany }, 429);
  };
}

const tooMany = "Too many requests to the dashboard; try again in a minute";
