import { commonSettings, countSetting, portSetting, textSetting } from "@sluice/core/settings";
import { z } from "zod";

export const Config = z.object({
  ...commonSettings,
  WORKER_PORT: portSetting(5566),
  HOST: textSetting(),
  WORKER_CAPACITY: countSetting(200),
  WORKER_STOP_TIMEOUT_SECONDS: countSetting(110),
});
export type Config = z.infer<typeof Config>;
