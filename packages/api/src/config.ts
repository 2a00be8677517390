import { autoscalerSettings } from "@sluice/autoscaler/config";
import { limitSettings } from "@sluice/core/limit/limit-settings";
import { metricSettings } from "@sluice/core/metrics/metric-settings";
import {
  commonSettings,
  countSetting,
  flagSetting,
  listSetting,
  portSetting,
  textSetting,
} from "@sluice/core/settings";
import { tracingSettings } from "@sluice/core/tracing/tracing-settings";
import { z } from "zod";

// Flowise takes "true", and a number of hops; trusting everybody would let callers choose their own address.
const proxies = "the number of proxies in front, e.g. 1";
const hops = z.preprocess(
  (value) =>
    value === "" || value === "false" || value === undefined ? 0 : value === "true" ? 1 : value,
  z.coerce.number(proxies).int(proxies).min(0, proxies),
);

const size = z.preprocess(
  (value) => (value === "" ? undefined : value),
  z
    .string()
    .regex(/^\d+(b|kb|mb|gb)?$/i, "a size such as 50mb")
    .default("50mb")
    .transform((text) => {
      const [, count = "0", unit = "b"] = /^(\d+)(b|kb|mb|gb)?$/i.exec(text) ?? [];
      const power = ["b", "kb", "mb", "gb"].indexOf(unit.toLowerCase());
      return Number(count) * 1024 ** power;
    }),
);

export const Config = z.object({
  ...commonSettings,
  ...autoscalerSettings,
  ...metricSettings,
  ...tracingSettings,
  ...limitSettings,
  /** The scheduled autoscaler, which a function wakes. */
  AUTOSCALER_FUNCTION: textSetting(),
  /** Limits by REST, where more connections would be too many. */
  UPSTASH_REDIS_REST_URL: textSetting(),
  UPSTASH_REDIS_REST_TOKEN: textSetting(),
  PORT: portSetting(3000),
  HOST: textSetting(),
  SLUICE_API_KEY: textSetting(),
  SLUICE_REQUIRE_KEY: flagSetting(false),
  TRUST_PROXY: hops,
  CORS_ORIGINS: listSetting(),
  CORS_ALLOW_CREDENTIALS: flagSetting(false),
  IFRAME_ORIGINS: textSetting(),
  FLOWISE_FILE_SIZE_LIMIT: size,
  API_STOP_TIMEOUT_SECONDS: countSetting(110),
  MAIN_CAPACITY: countSetting(200),
  UPSERT_TIMEOUT_SECONDS: countSetting(600),
  /** Longest expected wait that a connected caller is taken with; 0: as long as he stays. */
  MAX_QUEUE_WAIT_SECONDS: countSetting(0, 0),
  MAX_QUEUED_PREDICTIONS: countSetting(10_000),
  /** Predictions of one flow, and of one key, that may be open at once; 0 is no cap. */
  MAX_CONCURRENT_PER_FLOW: countSetting(0, 0),
  MAX_CONCURRENT_PER_KEY: countSetting(0, 0),
  ENABLE_BULLMQ_DASHBOARD: flagSetting(false),
  /** Older predictions, executions and messages are deleted; 0 keeps them. */
  RETENTION_DAYS: countSetting(0, 0),
  MIN_SCHEDULE_INTERVAL_SECONDS: countSetting(60),
});
export type Config = z.infer<typeof Config>;
