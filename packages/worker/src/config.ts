import { metricSettings } from "@sluice/core/metrics/metric-settings";
import { commonSettings, countSetting, portSetting, textSetting } from "@sluice/core/settings";
import { tracingSettings } from "@sluice/core/tracing/tracing-settings";
import { z } from "zod";

export const Config = z.object({
  ...commonSettings,
  ...metricSettings,
  ...tracingSettings,
  WORKER_PORT: portSetting(5566),
  HOST: textSetting(),
  WORKER_CAPACITY: countSetting(200),
  WORKER_STOP_TIMEOUT_SECONDS: countSetting(110),
  // Set by ECS in each task.
  ECS_AGENT_URI: textSetting(),
  ECS_CONTAINER_METADATA_URI_V4: textSetting(),
});
export type Config = z.infer<typeof Config>;
