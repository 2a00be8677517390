import type { TracingLog } from "./open-tracing.ts";
import type { Tracing } from "./tracing.ts";
import { type TracingSettings, tracesUrl } from "./tracing-settings.ts";

/** Tracing as the settings have it. Where it is off, nothing of it is loaded. */
export async function openTracingOf(
  settings: TracingSettings,
  process: string,
  log: TracingLog,
): Promise<Tracing | undefined> {
  const url = tracesUrl(settings);
  if (!url) return undefined;
  const { openTracing } = await import("./open-tracing.ts");
  return openTracing(settings, url, process, log);
}
