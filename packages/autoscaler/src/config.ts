import { countSetting, flagSetting, textSetting } from "@sluice/core/settings";
import { z } from "zod";
import type { Policy } from "./desired-count.ts";
import { defaultPolicy } from "./policy.ts";

/** Read by the roots that may run the autoscaler; without a service there is none. */
export const autoscalerSettings = {
  AUTOSCALER_CLUSTER: textSetting(),
  AUTOSCALER_SERVICE: textSetting(),
  /** Another address of ECS. */
  AUTOSCALER_ENDPOINT: textSetting(),
  AUTOSCALER_MIN: countSetting(defaultPolicy.min, 0),
  AUTOSCALER_MAX: countSetting(defaultPolicy.max),
  AUTOSCALER_EVERY_SECONDS: countSetting(5),
  AUTOSCALER_CALM_SECONDS: countSetting(defaultPolicy.calmMs / 1000),
  AUTOSCALER_IDLE_SECONDS: countSetting(defaultPolicy.idleMs / 1000),
  /** False where something else scales, and wants only the measurements. */
  AUTOSCALER_ACTS: flagSetting(true),
  WORKER_CAPACITY: countSetting(200),
} as const;

export const AutoscalerSettings = z.object(autoscalerSettings);
export type AutoscalerSettings = z.infer<typeof AutoscalerSettings>;

export function policyOf(settings: AutoscalerSettings): Policy {
  if (settings.AUTOSCALER_MIN > settings.AUTOSCALER_MAX)
    throw new Error(
      `AUTOSCALER_MIN=${settings.AUTOSCALER_MIN}: expected at most AUTOSCALER_MAX (${settings.AUTOSCALER_MAX})`,
    );
  return {
    ...defaultPolicy,
    min: settings.AUTOSCALER_MIN,
    max: settings.AUTOSCALER_MAX,
    calmMs: settings.AUTOSCALER_CALM_SECONDS * 1000,
    idleMs: settings.AUTOSCALER_IDLE_SECONDS * 1000,
  };
}
