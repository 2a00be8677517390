import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "@sluice/core/error";
import type { PredictionJob } from "@sluice/core/prediction/prediction";
import type { Context } from "hono";
import { admit } from "../admit.ts";
import type { Deps } from "../deps.ts";
import { errorBody } from "../error.ts";
import { openEventStream } from "../event-stream.ts";
import { flowiseAnswer, flowiseDialect, frame, wordsOf } from "../flowise-dialect.ts";
import { PredictionBody, readPrediction } from "../prediction-input.ts";
import { waitForEnd } from "../prediction-waiter.ts";
import { readBody } from "../read-body.ts";
import { enqueue, newJob } from "../submit.ts";

const errorPrefix = "Error: predictionsServices.buildChatflow - ";
const Answer = z.looseObject({ text: z.string(), chatId: z.string(), chatMessageId: z.string() });
const ErrorReply = z.looseObject({
  statusCode: z.number(),
  success: z.boolean(),
  message: z.string(),
});
const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
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
    422: json(ErrorReply, "The flow cannot run; the message names the node"),
    500: json(ErrorReply, "The run failed"),
    503: json(ErrorReply, "No prediction can be taken right now"),
    504: json(ErrorReply, "No answer in time; the run goes on"),
  },
});

/** Flowise's prediction call. Its body is read by hand: malformed and urlencoded ones have answers of their own. */
export function predictionRoutes(deps: Deps) {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerPath(predict);
  app.post("/api/v1/prediction/:id", async (c) => {
    const admitted = await admit(deps, c, c.req.param("id"));
    if (admitted instanceof Response) return admitted;
    const read = readPrediction(await readBody(c, deps.settings.maxBodyBytes));
    const stream =
      read.stream && admitted.flow.streamable && c.req.header("flowise-tool") !== "true";
    const job = await newJob(deps, admitted, read, { stream });
    c.header("x-prediction-id", job.id);
    return stream ? streamed(deps, c, job) : answered(deps, c, job);
  });
  return app;
}

async function answered(deps: Deps, c: Context, job: PredictionJob): Promise<Response> {
  const waiting = waitForEnd(deps, job, deps.settings.predictionTimeoutMs);
  try {
    await enqueue(deps, job);
  } catch (error) {
    waiting.stop();
    throw error;
  }
  const ended = await waiting.ended;
  if (!ended) throw new AppError("timeout", `No answer in time; prediction ${job.id} goes on`);
  if (ended.state === "succeeded" || ended.state === "paused")
    return c.json(flowiseAnswer(ended.result));
  return c.json(errorBody(500, wordsOf(ended.result.error ?? "The run failed", errorPrefix)), 500);
}

async function streamed(deps: Deps, c: Context, job: PredictionJob): Promise<Response> {
  const dialect = flowiseDialect(errorPrefix);
  const early: string[] = [];
  let write: (frames: string) => void = (frames) => void early.push(frames);
  const waiting = waitForEnd(deps, job, deps.settings.predictionTimeoutMs, (entries) => {
    write(entries.map(dialect.frames).join(""));
  });
  try {
    await enqueue(deps, job);
  } catch (error) {
    waiting.stop();
    throw error;
  }
  const stream = openEventStream(c);
  for (const frames of early) stream.write(frames);
  write = stream.write;
  stream.onGone(waiting.stop);
  void waiting.ended.then((ended) => {
    if (!ended) {
      const late = `${errorPrefix}No answer in time; prediction ${job.id} goes on`;
      stream.write(
        frame("", { event: "error", data: late }) + frame("", { event: "end", data: "[DONE]" }),
      );
    }
    stream.end();
  });
  return stream.response;
}
