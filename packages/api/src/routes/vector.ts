import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "@sluice/core/error";
import { parseInput } from "@sluice/core/parse-input";
import { newUpsertId, sealUpsertRequest, type UpsertJob } from "@sluice/core/upsert/upsert";
import type { Context } from "hono";
import { type Admitted, admit } from "../admit.ts";
import type { Deps, Env } from "../deps.ts";
import { errorBody, statusOf } from "../error.ts";
import { json } from "../json.ts";
import { ConversationId } from "../prediction-input.ts";
import { readBody } from "../read-body.ts";
import { Document } from "./document-store-parts.ts";

const text = z.string().max(500).nullish();
const UpsertBody = z.looseObject({
  stopNodeId: text,
  chatId: text,
  overrideConfig: z.record(z.string(), z.unknown()).nullish(),
});

const Upserted = z.object({
  numAdded: z.number(),
  numDeleted: z.number().optional(),
  numUpdated: z.number().optional(),
  numSkipped: z.number().optional(),
  addedDocs: z.array(Document),
});
const ErrorReply = z.looseObject({ statusCode: z.number(), message: z.string() });

const upsert = (kind: "upsert" | "internal-upsert") =>
  createRoute({
    method: "post",
    path: `/api/v1/vector/${kind}/{id}`,
    summary: "Index the documents of a chatflow",
    description:
      "JSON, or a form with files for the flow's loaders. `stopNodeId` names the vector store where there are several.",
    request: {
      params: z.object({ id: z.string() }),
      body: { content: { "application/json": { schema: UpsertBody } } },
    },
    responses: {
      200: json(
        Upserted,
        "What was added; with a record manager also what was left alone or deleted",
      ),
      404: json(ErrorReply, "No such flow, or no vector store in it"),
      422: json(ErrorReply, "The flow cannot be indexed; the message names the node"),
      500: json(ErrorReply, "Nothing was indexed; the message says why"),
      503: json(ErrorReply, "No upsert can be taken right now"),
      504: json(ErrorReply, "Not done in time"),
    },
  });

const errorPrefix = "Error: vectorsService.upsertVector - ";

/** Flowise's upsert of a chatflow. Bodies are read by hand: malformed ones have answers of their own. */
export function vectorRoutes(deps: Deps) {
  const app = new OpenAPIHono<Env>();
  for (const kind of ["upsert", "internal-upsert"] as const) {
    app.openAPIRegistry.registerPath(upsert(kind));
    app.post(`/api/v1/vector/${kind}/:id`, async (c) => {
      const admitted = await admit(deps, c, c.req.param("id"));
      if (admitted instanceof Response) return admitted;
      return answerUpsert(deps, c, admitted);
    });
  }
  return app;
}

async function answerUpsert(deps: Deps, c: Context<Env>, admitted: Admitted): Promise<Response> {
  const body = parseInput(UpsertBody, await readBody(c, deps.settings.maxBodyBytes));
  const job = await newUpsert(deps, admitted, body);
  c.header("x-upsert-id", job.id);
  const end = await deps.upserts.run(job);
  if (!end) throw new AppError("timeout", `${errorPrefix}Upsert ${job.id} did not end in time`);
  if ("result" in end) return c.json(end.result);
  const { code, message } = end.error;
  return c.json(errorBody(statusOf[code], errorPrefix + message), statusOf[code]);
}

async function newUpsert(
  { credentialKey: key, objects, settings }: Deps,
  { flow }: Admitted,
  { stopNodeId, chatId, overrideConfig }: z.infer<typeof UpsertBody>,
): Promise<UpsertJob> {
  const id = newUpsertId();
  const sessionId = overrideConfig?.sessionId;
  const request = {
    ...(stopNodeId && { stopNodeId }),
    ...(overrideConfig && { overrideConfig }),
  };
  return {
    id,
    flowId: flow.id,
    flowVersion: flow.version,
    chatId: parseInput(
      ConversationId,
      chatId || (typeof sessionId === "string" && sessionId) || newUpsertId(),
    ),
    deadlineAt: Date.now() + settings.upsertTimeoutMs,
    request: await sealUpsertRequest({ key, objects }, id, request),
  };
}
