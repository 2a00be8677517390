import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import type { TracingSettings } from "./tracing-settings.ts";

/** `OTEL_TRACES_SAMPLER`; by default what a caller's trace says, and all where there is none. */
export function samplerOf({
  OTEL_TRACES_SAMPLER: name = "parentbased_always_on",
  OTEL_TRACES_SAMPLER_ARG: ratio,
}: Pick<TracingSettings, "OTEL_TRACES_SAMPLER" | "OTEL_TRACES_SAMPLER_ARG">): Sampler {
  const own = name.replace("parentbased_", "");
  const root =
    own === "always_off"
      ? new AlwaysOffSampler()
      : own === "traceidratio"
        ? new TraceIdRatioBasedSampler(ratio)
        : new AlwaysOnSampler();
  return name === own ? root : new ParentBasedSampler({ root });
}
