import { z } from "zod";
import { flagSetting, textSetting } from "../settings.ts";

/** Flowise's names for what is measured and how it is labelled. */
export const metricSettings = {
  ENABLE_METRICS: flagSetting(false),
  METRICS_PROVIDER: z.preprocess(
    (value) => (value === "" ? undefined : value),
    z.literal("prometheus", "prometheus (open_telemetry is not supported)").default("prometheus"),
  ),
  METRICS_INCLUDE_NODE_METRICS: flagSetting(true),
  METRICS_SERVICE_NAME: textSetting(),
} as const;
