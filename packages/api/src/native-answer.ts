import type { Context } from "hono";
import { onCallerGone } from "./attendance.ts";
import type { Deps } from "./deps.ts";
import { openEventStream } from "./event-stream.ts";
import { followPrediction } from "./follow-prediction.ts";
import { nativeFrame, queuedFrame, rejoinFrame } from "./native-dialect.ts";

/** Resolves with the end, or when the time is over. */
export function ended(deps: Deps, id: string, timeoutMs: number, after?: string): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const stop = followPrediction(deps, id, after, () => {}, finish);
    const timer = setTimeout(finish, timeoutMs);
  });
}

export interface Followed {
  id: string;
  onDisconnect?: "cancel" | undefined;
}

/** Waits for the end as one who is connected. */
export async function attended(
  deps: Deps,
  c: Context,
  job: Followed,
  timeoutMs: number,
  after?: string,
): Promise<void> {
  const attendant = deps.attendance.attend(job);
  onCallerGone(c, attendant.gone);
  await ended(deps, job.id, timeoutMs, after);
  attendant.done();
}

/** The events of a prediction, from the first or after one, as they come. */
export function streamed(
  deps: Deps,
  c: Context,
  { after, queued, ...job }: Followed & { after: string | undefined; queued: boolean },
): Response {
  const { id } = job;
  const attendant = deps.attendance.attend(job);
  const stream = openEventStream(c, rejoinFrame);
  const unwatch = queued
    ? deps.positions.watch(id, (position) => stream.write(queuedFrame(position)))
    : () => {};
  const stop = followPrediction(
    deps,
    id,
    after,
    (entries) => {
      unwatch();
      stream.write(entries.map(nativeFrame).join(""));
    },
    () => {
      attendant.done();
      stream.end();
    },
  );
  stream.onGone(() => {
    attendant.gone();
    unwatch();
    stop();
  });
  return stream.response;
}
