import type { Policy } from "./desired-count.ts";

/** Chosen by `npm run simulate`; docs/deploying.md shows the comparison. */
export const defaultPolicy: Policy = {
  min: 1,
  max: 10,
  fill: 0.7,
  lateMs: 10_000,
  calmMs: 180_000,
  stepIn: 0.25,
  idleMs: 600_000,
};
