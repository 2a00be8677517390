import { AppError } from "@sluice/core/error";
import type { Places } from "@sluice/core/prediction/places";
import type { PredictionJob } from "@sluice/core/prediction/prediction";
import type { Context } from "hono";
import type { Admitted } from "./admit.ts";

/** Caps of flows and keys that have none of their own; 0 is no cap. */
export interface DefaultCaps {
  perFlow: number;
  perKey: number;
}

export type OnDisconnect = "continue" | "cancel";

/** What a prediction takes up by its flow's and its key's settings; nothing at all where neither limits anything. */
export function placesOf(
  { flow, key }: Admitted,
  sessionId: string,
  { perFlow, perKey }: DefaultCaps,
): Places | undefined {
  const caps = [
    { name: `flow:${flow.id}`, max: flow.options.maxConcurrent ?? perFlow },
    ...(key ? [{ name: `key:${key.id}`, max: key.max_concurrent ?? perKey }] : []),
  ].filter(({ max }) => max > 0);
  const policy = flow.options.conversation;
  if (caps.length === 0 && policy === "parallel") return undefined;
  return {
    ...(caps.length > 0 && { caps }),
    ...(policy !== "parallel" && { turn: { name: `${flow.id}:${sessionId}`, policy } }),
  };
}

/** The part of a job that says what it takes up, and for whom it runs. */
export function termsOf(
  admitted: Admitted,
  sessionId: string,
  caps: DefaultCaps,
  onDisconnect: OnDisconnect = admitted.flow.options.onDisconnect,
): Pick<PredictionJob, "places" | "onDisconnect"> {
  const places = placesOf(admitted, sessionId, caps);
  return { ...(places && { places }), ...(onDisconnect === "cancel" && { onDisconnect }) };
}

/** What the caller asks for in a header, since Flowise's body has no place for it. */
export function disconnectHeader(c: Context): OnDisconnect | undefined {
  const value = c.req.header("sluice-on-disconnect");
  if (value === undefined || value === "continue" || value === "cancel") return value;
  throw new AppError("invalid", "Sluice-On-Disconnect: continue or cancel is expected");
}
