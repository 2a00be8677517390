import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Presence, Reader } from "@sluice/core/limit/presence";
import type { Log } from "@sluice/core/log";
import type { Context } from "hono";

export interface Attendant {
  /** The caller has gone away. */
  gone(): void;
  /** It has got what it came for. */
  done(): void;
}

export interface AttendanceOptions {
  presence: Presence;
  pulseMs: number;
  graceMs: number;
  /** Ends a prediction for which nobody is there any more. */
  cancel(predictionId: string): Promise<unknown>;
  log: Log;
}

const nobody: Attendant = { gone() {}, done() {} };

/**
 * Says for predictions that end with their callers who is connected here. Whoever leaves is waited for through the grace, in which
 * he may join again at any replica. Of a process that dies, the worker notices.
 */
export function openAttendance({ presence, pulseMs, graceMs, cancel, log }: AttendanceOptions) {
  const here = new Set<Reader>();
  const graces = new Set<NodeJS.Timeout>();
  let timer: NodeJS.Timeout | undefined;

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (here.size === 0) return;
      void presence.attend([...here]).catch(() => {});
      schedule();
    }, pulseMs).unref();
  }

  async function endIfDeserted(predictionId: string): Promise<void> {
    const [deserted] = await presence.deserted([predictionId]);
    if (!deserted) return;
    log.info({ predictionId }, "A prediction is canceled: its callers have gone");
    await cancel(predictionId);
  }

  function leave(reader: Reader): void {
    void presence.depart(reader).catch(() => {});
    const grace = setTimeout(() => {
      graces.delete(grace);
      endIfDeserted(reader.predictionId).catch((error: Error) => {
        const { predictionId } = reader;
        log.warn({ predictionId, reason: error.message }, "A prediction could not be canceled");
      });
    }, graceMs + 50);
    graces.add(grace);
  }

  return {
    /** Somebody is connected for a prediction. */
    attend(job: { id: string; onDisconnect?: string | undefined }): Attendant {
      if (job.onDisconnect !== "cancel") return nobody;
      const reader = { predictionId: job.id, readerId: randomUUID() };
      here.add(reader);
      void presence.attend([reader]).catch(() => {});
      schedule();
      return {
        gone: () => void (here.delete(reader) && leave(reader)),
        done() {
          if (here.delete(reader)) void presence.forget(reader).catch(() => {});
        },
      };
    },
    close(): void {
      clearTimeout(timer);
      for (const grace of graces) clearTimeout(grace);
    },
  };
}
export type Attendance = ReturnType<typeof openAttendance>;

/** Calls the listener when the connection closes before it has been answered. A function cannot tell. */
export function onCallerGone(c: Context, listener: () => void): void {
  const outgoing = (c.env as { outgoing?: ServerResponse } | undefined)?.outgoing;
  // It may have closed before anybody listened.
  if (outgoing?.destroyed) listener();
  else
    outgoing?.once("close", () => {
      if (!outgoing.writableFinished) listener();
    });
}
