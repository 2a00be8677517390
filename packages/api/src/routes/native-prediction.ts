import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "@sluice/core/error";
import {
  findPrediction,
  hasEnded,
  listPredictions,
} from "@sluice/core/prediction/accepted-prediction";
import type { Context } from "hono";
import { acceptAsked } from "../accept-asked.ts";
import { cancelPrediction } from "../cancel-prediction.ts";
import type { Deps, Env } from "../deps.ts";
import { json } from "../json.ts";
import { attended, ended, streamed } from "../native-answer.ts";
import {
  NewPrediction,
  Prediction,
  PredictionStates,
  toOpenPrediction,
  toPrediction,
} from "../native-prediction.ts";
import { readBody } from "../read-body.ts";
import { serverTiming } from "../server-timing.ts";

const maxWaitSeconds = 60;
const Problem = z.object({ code: z.string(), message: z.string() }).openapi("Problem");
const IdParam = z.object({ id: z.string() });
const problems = {
  401: json(z.object({ error: z.string() }), "No valid API key"),
  404: json(Problem, "No such prediction or flow"),
};

const create = createRoute({
  method: "post",
  path: "/v1/predictions",
  summary: "Accept a prediction",
  description:
    "202 means that it is stored and will be answered. `Prefer: wait=n` waits up to 60 s for the end, `Accept: text/event-stream` streams it. With `Idempotency-Key` a repeated request gets the same prediction.",
  request: {
    headers: z.object({
      "idempotency-key": z.string().max(200).optional(),
      prefer: z.string().optional(),
    }),
    body: { content: { "application/json": { schema: NewPrediction } }, required: true },
  },
  responses: {
    200: json(Prediction, "It ended while the caller waited"),
    202: json(Prediction, "It is stored and will be answered"),
    400: json(Problem, "The request is not valid"),
    403: json(Problem, "The flow does not allow this origin"),
    409: json(
      Problem,
      "The idempotency key was used for another request, or the conversation is busy",
    ),
    422: json(Problem, "The flow cannot run; the message names the node"),
    429: json(Problem, "A limit refuses it; `Retry-After` says until when"),
    503: json(
      Problem,
      "Too many wait, or it could not start before its deadline; `Retry-After` says when there should be room",
    ),
    ...problems,
  },
});
const get = createRoute({
  method: "get",
  path: "/v1/predictions/{id}",
  summary: "Get a prediction",
  request: { params: IdParam },
  responses: { 200: json(Prediction, "The prediction"), ...problems },
});
const list = createRoute({
  method: "get",
  path: "/v1/predictions",
  summary: "List predictions, newest first",
  request: {
    query: z.object({
      flowId: z.uuid().optional(),
      chatId: z.string().optional(),
      state: z.enum(PredictionStates).optional(),
      cursor: z.string().regex(/^prd_/).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: json(
      z.object({ data: z.array(Prediction), next: z.string().optional() }),
      "A page; `next` is the cursor of the next one",
    ),
    401: problems[401],
  },
});
const cancel = createRoute({
  method: "post",
  path: "/v1/predictions/{id}/cancel",
  summary: "Cancel a prediction",
  description:
    "Reaches a waiting one and the model call of a running one. A final state never changes.",
  request: { params: IdParam },
  responses: { 200: json(Prediction, "The prediction as it is now"), ...problems },
});
const stream = createRoute({
  method: "get",
  path: "/v1/predictions/{id}/stream",
  summary: "Follow a prediction's events",
  description:
    "Server-sent events from the first, or after `Last-Event-ID` or `?after=`; while it runs and after its end, from any replica. While it waits, `prediction.queued` says at what `position` and, while workers serve, when it is expected to start (`expectedStartAt`); such events have no id.",
  request: {
    params: IdParam,
    query: z.object({
      after: z
        .string()
        .regex(/^\d+-\d+$/)
        .optional(),
    }),
  },
  responses: {
    200: { description: "Events", content: { "text/event-stream": { schema: z.string() } } },
    ...problems,
  },
});

/** Our own predictions API. */
export function nativePredictionRoutes(deps: Deps) {
  const { db, transport } = deps;
  const app = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      throw new AppError("invalid", `${issue?.path.join(".") || "request"}: ${issue?.message}`);
    },
  });

  const found = async (id: string): Promise<Prediction> => {
    const row = await findPrediction(db, id);
    if (row) {
      const claimed = row.state === "queued" && (await transport.isClaimed(id).catch(() => false));
      return { ...toPrediction(row), ...(claimed && { state: "running" as const }) };
    }
    const open = await transport.find(id);
    if (open) return toOpenPrediction(open);
    throw new AppError("not_found", `Prediction ${id} not found`);
  };

  app.openAPIRegistry.registerPath(create);
  app.post("/v1/predictions", async (c) => {
    const parsed = NewPrediction.safeParse(await readBody(c, deps.settings.maxBodyBytes));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new AppError("invalid", `${issue?.path.join(".") || "body"}: ${issue?.message}`);
    }
    const { id, created, after, onDisconnect } = await acceptAsked(deps, c, parsed.data);
    c.header("Location", `/v1/predictions/${id}`);
    c.header("x-prediction-id", id);
    if (!created) c.header("Idempotent-Replayed", "true");
    if (c.req.header("accept")?.includes("text/event-stream"))
      return streamed(deps, c, { id, onDisconnect, after, queued: created });
    const seconds = waitSeconds(c.req.header("prefer"));
    if (seconds > 0) await attended(deps, c, { id, onDisconnect }, seconds * 1000, after);
    const prediction = await found(id);
    const open = prediction.state === "queued" || prediction.state === "running";
    timed(c, prediction);
    return c.json(prediction, open ? 202 : 200);
  });
  app.openapi(get, async (c) => {
    const prediction = await found(c.req.valid("param").id);
    timed(c, prediction);
    return c.json(prediction, 200);
  });
  app.openapi(list, async (c) => {
    const filter = c.req.valid("query");
    const [rows, open] = await Promise.all([listPredictions(db, filter), openOnes(deps, filter)]);
    const stored = rows.map(toPrediction);
    const found = merged(stored, open).filter(
      ({ state }) => !filter.state || state === filter.state,
    );
    const data = found.slice(0, filter.limit);
    const more = found.length > filter.limit || rows.length === filter.limit;
    const next = more ? (data.at(-1)?.id ?? rows.at(-1)?.id) : undefined;
    return c.json({ data, ...(next && { next }) }, 200);
  });
  app.openapi(cancel, async (c) => {
    const { id } = c.req.valid("param");
    const row = await findPrediction(db, id);
    if (!row && !(await transport.find(id)))
      throw new AppError("not_found", `Prediction ${id} not found`);
    if (!row || !hasEnded(row)) {
      await cancelPrediction(deps, id);
      await ended(deps, id, 2000);
    }
    return c.json(await found(id), 200);
  });
  app.openAPIRegistry.registerPath(stream);
  app.get("/v1/predictions/:id/stream", async (c) => {
    const id = c.req.param("id");
    const prediction = await found(id);
    const { state, onDisconnect } = prediction;
    const after = c.req.header("last-event-id") || c.req.query("after") || undefined;
    if (after && !/^\d+-\d+$/.test(after))
      throw new AppError("invalid", `${after} is not an event id`);
    timed(c, prediction);
    return streamed(deps, c, { id, onDisconnect, after, queued: state === "queued" });
  });
  return app;
}

function timed(c: Context<Env>, { createdAt, startedAt, finishedAt }: Prediction): void {
  if (!startedAt || !finishedAt) return;
  const [accepted = 0, started = 0, ended = 0] = [createdAt, startedAt, finishedAt].map(Date.parse);
  c.header("Server-Timing", serverTiming(accepted, started, ended));
}

function waitSeconds(prefer: string | undefined): number {
  const seconds = Number(/(?:^|[,;\s])wait=(\d+)/.exec(prefer ?? "")?.[1] ?? 0);
  return Math.min(seconds, maxWaitSeconds);
}

/** So many of those at work and of those that wait are looked at. */
const maxOpen = 1000;

/** Predictions whose callers are connected have no row before their end. */
async function openOnes(
  { transport }: Deps,
  filter: {
    flowId?: string | undefined;
    chatId?: string | undefined;
    state?: string | undefined;
    cursor?: string | undefined;
  },
): Promise<Prediction[]> {
  if (filter.state && filter.state !== "queued" && filter.state !== "running") return [];
  const open = await transport.open(maxOpen).catch(() => []);
  return open
    .map(toOpenPrediction)
    .filter(
      ({ id, flowId, chatId }) =>
        (!filter.flowId || flowId === filter.flowId) &&
        (!filter.chatId || chatId === filter.chatId) &&
        (!filter.cursor || id < filter.cursor),
    );
}

/** Newest first, each once: the row says more, the queue knows first that a worker has it. */
function merged(stored: Prediction[], open: Prediction[]): Prediction[] {
  const all = new Map(stored.map((prediction) => [prediction.id, prediction]));
  for (const prediction of open) {
    const row = all.get(prediction.id);
    if (!row) all.set(prediction.id, prediction);
    else if (row.state === "queued") all.set(row.id, { ...row, state: prediction.state });
  }
  return [...all.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}
