import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import { openPatience, patientBytes } from "./reader-patience.ts";

/** How long what is written may be on its way after the end. */
const flushMs = 120_000;
const heartbeatMs = 15_000;
/** Headers go along with the first frame, unless that takes longer: a write each would cost as much as a frame. */
const headersAloneMs = 20;

export const eventStreamHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  connection: "keep-alive",
  "x-accel-buffering": "no",
};

/** One open stream of server-sent events. */
export interface EventStream {
  write(frames: string): void;
  end(): void;
  /** Called once when the reader has gone, or was cut for being too slow. */
  onGone(listener: () => void): void;
  response: Response;
}

const open = new Set<EventStream>();
let timer: NodeJS.Timeout | undefined;

function track(stream: EventStream): void {
  open.add(stream);
  timer ??= setInterval(() => {
    for (const each of open) each.write(":heartbeat\n\n");
  }, heartbeatMs).unref();
}

function untrack(stream: EventStream): void {
  open.delete(stream);
  rejoins.delete(stream);
  if (open.size > 0 || !timer) return;
  clearInterval(timer);
  timer = undefined;
}

/** Tells readers that can come back to do so, before this process stops; others are served to their end. */
export function askToRejoin(): void {
  for (const [stream, frame] of rejoins) {
    stream.write(frame);
    stream.end();
  }
}

const rejoins = new Map<EventStream, string>();

/**
 * Streams straight to Node's response where there is one: half the cost of a web stream. `rejoin` is what a reader
 * that can come back elsewhere is told when this process stops.
 */
export function openEventStream(c: Context, rejoin?: string): EventStream {
  const outgoing = (c.env as { outgoing?: ServerResponse } | undefined)?.outgoing;
  const stream = outgoing ? nodeStream(c, outgoing) : webStream(c);
  track(stream);
  if (rejoin) rejoins.set(stream, rejoin);
  return stream;
}

function nodeStream(c: Context, outgoing: ServerResponse): EventStream {
  const gone: (() => void)[] = [];
  const isTooSlow = openPatience();
  let flushing: NodeJS.Timeout | undefined;
  let closed = false;
  // Not by way of c.res: Hono would merge that into a copy of the marker below, which no longer is one.
  const { headers } = c.newResponse(null, 200, eventStreamHeaders);
  outgoing.writeHead(200, Object.fromEntries(headers.entries()));
  const headersAlone = setTimeout(() => outgoing.flushHeaders(), headersAloneMs);
  const stream: EventStream = {
    write(frames) {
      if (closed) return;
      clearTimeout(headersAlone);
      const waited = outgoing.writableLength;
      outgoing.write(frames);
      if (isTooSlow(waited, outgoing.writableLength)) outgoing.destroy();
    },
    end() {
      if (closed) return;
      closed = true;
      untrack(stream);
      outgoing.end();
      if (outgoing.writableLength > 0)
        flushing = setTimeout(() => outgoing.destroy(), flushMs).unref();
    },
    onGone: (listener) => void gone.push(listener),
    response: RESPONSE_ALREADY_SENT,
  };
  const onClose = () => {
    clearTimeout(headersAlone);
    clearTimeout(flushing);
    untrack(stream);
    if (closed) return;
    closed = true;
    for (const listener of gone) listener();
  };
  outgoing.on("error", () => {});
  // One who went before anybody listened is told of once all do.
  if (outgoing.destroyed) setImmediate(onClose);
  else outgoing.once("close", onClose);
  return stream;
}

function webStream(c: Context): EventStream {
  const gone: (() => void)[] = [];
  const encoder = new TextEncoder();
  const isTooSlow = openPatience();
  const waits = () => patientBytes - (controller?.desiredSize ?? 0);
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let closed = false;
  const leave = () => {
    if (closed) return;
    closed = true;
    untrack(stream);
    for (const listener of gone) listener();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      cancel: leave,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: patientBytes }),
  );
  const stream: EventStream = {
    write(frames) {
      if (closed) return;
      const waited = waits();
      controller?.enqueue(encoder.encode(frames));
      if (isTooSlow(waited, waits())) {
        controller?.error(new Error("The reader is too slow"));
        leave();
      }
    },
    end() {
      if (closed) return;
      closed = true;
      untrack(stream);
      controller?.close();
    },
    onGone: (listener) => void gone.push(listener),
    response: c.body(body, 200, eventStreamHeaders),
  };
  return stream;
}
