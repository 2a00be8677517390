import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "@sluice/core/error";
import { admit } from "../admit.ts";
import { answered, errorPrefix, streamed } from "../answer.ts";
import type { Deps } from "../deps.ts";
import { json } from "../json.ts";
import { disconnectHeader } from "../places-of.ts";
import { PredictionBody, readPrediction } from "../prediction-input.ts";
import { readBody } from "../read-body.ts";
import { newJob } from "../submit.ts";

const Answer = z.looseObject({ text: z.string(), chatId: z.string(), chatMessageId: z.string() });
const ErrorReply = z.looseObject({
  statusCode: z.number(),
  success: z.boolean(),
  message: z.string(),
});

const predict = createRoute({
  method: "post",
  path: "/api/v1/prediction/{id}",
  summary: "Put a question to a flow",
  description:
    "Answers in JSON, or as server-sent events when `streaming` is true and the flow can stream.",
  request: {
    params: z.object({ id: z.string() }),
    body: { content: { "application/json": { schema: PredictionBody } } },
  },
  responses: {
    200: json(Answer, "The answer, or a stream of events"),
    400: json(ErrorReply, "The request is not valid"),
    404: json(ErrorReply, "No such flow"),
    409: json(ErrorReply, "An earlier message of the conversation is being answered"),
    429: json(ErrorReply, "A limit refuses it; `Retry-After` says until when"),
    422: json(ErrorReply, "The flow cannot run; the message names the node"),
    500: json(ErrorReply, "The run failed"),
    503: json(
      ErrorReply,
      "No prediction can be taken right now; `Retry-After` says when there should be room",
    ),
    504: json(ErrorReply, "No answer in time; the run goes on"),
  },
});

/** Flowise's prediction call. Its body is read by hand: malformed and urlencoded ones have answers of their own. */
export function predictionRoutes(deps: Deps) {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerPath(predict);
  app.post("/api/v1/prediction/:id", async (c) => {
    const deadlineAt = Date.now() + deps.settings.predictionTimeoutMs;
    deps.outlook.check({ deadlineAt, connected: true });
    const admitted = await admit(deps, c, c.req.param("id"));
    if (admitted instanceof Response) return admitted;
    const { trigger } = admitted.flow;
    if (trigger)
      throw new AppError("failed", errorPrefix + triggerWords[trigger](admitted.flow.id));
    const read = readPrediction(await readBody(c, deps.settings.maxBodyBytes));
    const stream =
      read.stream && admitted.flow.streamable && c.req.header("flowise-tool") !== "true";
    const onDisconnect = disconnectHeader(c);
    const job = await newJob(deps, admitted, read, { stream, onDisconnect });
    c.header("x-prediction-id", job.id);
    return stream ? streamed(deps, c, job) : answered(deps, c, job);
  });
  return app;
}

const triggerWords = {
  webhook: (id: string) =>
    `This flow is configured as a Webhook Trigger. Call POST /api/v1/webhook/${id} instead of the prediction API.`,
  schedule: () =>
    "This flow is configured as a Schedule Trigger. It is started by its schedule, not by the prediction API.",
};
