import { setTimeout as sleep } from "node:timers/promises";
import { openReconciler } from "@sluice/core/prediction/reconciler";
import { countSetting, readSettings } from "@sluice/core/settings";
import { z } from "zod";
import { openParts } from "./lambda-environment.ts";

/** How long one invocation goes on; 0 looks once. */
const Turn = z.object({ AUTOSCALER_TURN_SECONDS: countSetting(45, 0) });

/**
 * One turn of what a server does all the time beside answering: sees to the size of the fleet, queues accepted predictions that
 * nobody has, sends webhooks. Scheduled each minute; a wake looks at the fleet and leaves.
 */
export async function handler(event: { wake?: boolean } = {}): Promise<void> {
  const { AUTOSCALER_TURN_SECONDS: seconds } = readSettings(Turn, process.env);
  // Opened for each turn: sockets do not outlive a minute's freeze.
  const { deps, mode, close } = await openParts(process.env);
  try {
    if (!mode.autoscaler)
      throw new Error("AUTOSCALER_CLUSTER and AUTOSCALER_SERVICE name the service to scale");
    await mode.autoscaler.tick();
    if (event.wake) return;
    const reconciler = openReconciler(deps);
    await sleep(seconds * 1000);
    await reconciler.close();
  } finally {
    await close(5000);
  }
}
