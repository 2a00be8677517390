import type { Places } from "@sluice/core/prediction/places";
import type { PredictionJob } from "@sluice/core/prediction/prediction";
import type { Admitted } from "./admit.ts";

/** Caps of flows and keys that have none of their own; 0 is no cap. */
export interface DefaultCaps {
  perFlow: number;
  perKey: number;
}

/** What a prediction takes up by its flow's and its key's settings; nothing at all where neither limits anything. */
export function placesOf(
  { flow, key }: Admitted,
  sessionId: string,
  { perFlow, perKey }: DefaultCaps,
): Pick<PredictionJob, "places"> {
  const caps = [
    { name: `flow:${flow.id}`, max: flow.options.maxConcurrent ?? perFlow },
    ...(key ? [{ name: `key:${key.id}`, max: key.max_concurrent ?? perKey }] : []),
  ].filter(({ max }) => max > 0);
  const policy = flow.options.conversation;
  const places: Places = {
    ...(caps.length > 0 && { caps }),
    ...(policy !== "parallel" && { turn: { name: `${flow.id}:${sessionId}`, policy } }),
  };
  return Object.keys(places).length > 0 ? { places } : {};
}
