import { AppError } from "@sluice/core/error";
import type { PredictionJob } from "@sluice/core/prediction/prediction";
import type { Context } from "hono";
import { onCallerGone } from "./attendance.ts";
import type { Deps } from "./deps.ts";
import { errorBody } from "./error.ts";
import { openEventStream } from "./event-stream.ts";
import { flowiseAnswer, flowiseDialect, frame, wordsOf } from "./flowise-dialect.ts";
import { waitForEnd } from "./prediction-waiter.ts";
import { acceptTiming, serverTiming } from "./server-timing.ts";
import { enqueue } from "./submit.ts";

/** Clients of Flowise cut this off. */
export const errorPrefix = "Error: predictionsServices.buildChatflow - ";

/** Queues a prediction and answers with its end, in Flowise's JSON. */
export async function answered(deps: Deps, c: Context, job: PredictionJob): Promise<Response> {
  const waiting = waitForEnd(deps, job, deps.settings.predictionTimeoutMs);
  try {
    await enqueue(deps, job);
  } catch (error) {
    waiting.stop();
    throw error;
  }
  const attendant = deps.attendance.attend(job);
  onCallerGone(c, attendant.gone);
  const ended = await waiting.ended;
  attendant.done();
  if (!ended) throw new AppError("timeout", `No answer in time; prediction ${job.id} goes on`);
  const { startedAt, endedAt } = ended.result;
  deps.outlook.ended(endedAt - startedAt);
  c.header("Server-Timing", serverTiming(job.acceptedAt, startedAt, endedAt));
  if (ended.state === "succeeded" || ended.state === "paused")
    return c.json(flowiseAnswer(ended.result));
  return c.json(errorBody(500, wordsOf(ended.result.error ?? "The run failed", errorPrefix)), 500);
}

/** Queues a prediction and streams it in Flowise's frames. */
export async function streamed(deps: Deps, c: Context, job: PredictionJob): Promise<Response> {
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
  c.header("Server-Timing", acceptTiming(job.acceptedAt));
  const stream = openEventStream(c);
  for (const frames of early) stream.write(frames);
  write = stream.write;
  const attendant = deps.attendance.attend(job);
  stream.onGone(() => {
    attendant.gone();
    waiting.stop();
  });
  void waiting.ended.then((ended) => {
    attendant.done();
    if (ended) deps.outlook.ended(ended.result.endedAt - ended.result.startedAt);
    else {
      const late = `${errorPrefix}No answer in time; prediction ${job.id} goes on`;
      stream.write(
        frame("", { event: "error", data: late }) + frame("", { event: "end", data: "[DONE]" }),
      );
    }
    stream.end();
  });
  return stream.response;
}
