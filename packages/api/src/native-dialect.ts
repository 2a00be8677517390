import type { LogEntry } from "@sluice/core/prediction/prediction";

/** One entry of the log as a standard server-sent event. A reader sends the last id back in `Last-Event-ID`. */
export const nativeFrame = ({ id, event }: LogEntry): string =>
  `${id && `id: ${id}\n`}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** Said to readers of a process that stops: come back with your last id, another one goes on. */
export const rejoinFrame = "retry: 500\nevent: stream.rejoin\ndata: {}\n\n";
