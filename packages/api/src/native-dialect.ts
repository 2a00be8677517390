import type { LogEntry } from "@sluice/core/prediction/prediction";
import { withoutCredentials } from "@sluice/engine/without-credentials";
import type { QueuePosition } from "./queue-positions.ts";

/** One entry of the log as a standard server-sent event. A reader sends the last id back in `Last-Event-ID`. */
export const nativeFrame = ({ id, event }: LogEntry): string =>
  `${id && `id: ${id}\n`}${nativeFrameOf(event.type, shown(event))}`;

/** Records of nodes say what they were configured with, the ids of credentials included. */
const shown = (event: LogEntry["event"]): object =>
  "records" in event || "record" in event ? (withoutCredentials(event) as object) : event;

/** No entry of the log: it has no id, and nobody re-joins after it. */
export const queuedFrame = (position: QueuePosition): string =>
  nativeFrameOf("prediction.queued", { type: "prediction.queued", ...position });

const nativeFrameOf = (type: string, data: object) =>
  `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** Said to readers of a process that stops: come back with your last id, another one goes on. */
export const rejoinFrame = "retry: 500\nevent: stream.rejoin\ndata: {}\n\n";
