import { z } from "zod";
import { countSetting, flagSetting, textSetting } from "../settings.ts";

const choice = <const T extends [string, ...string[]]>(values: T, words: string) =>
  z.preprocess((value) => (value === "" ? undefined : value), z.enum(values, words).optional());

const samplers = ["always_on", "always_off", "traceidratio"] as const;
const parentBased = samplers.map((name) => `parentbased_${name}` as const);

/** OpenTelemetry's names. Spans go out as JSON over HTTP. */
export const tracingSettings = {
  OTEL_SDK_DISABLED: flagSetting(false),
  OTEL_TRACES_EXPORTER: choice(["otlp", "none"], "otlp or none"),
  OTEL_EXPORTER_OTLP_PROTOCOL: choice(
    ["http/json", "http/protobuf"],
    "http/json or http/protobuf (grpc is not supported; a collector takes HTTP at port 4318)",
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: textSetting(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: textSetting(),
  OTEL_EXPORTER_OTLP_HEADERS: textSetting(),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: textSetting(),
  OTEL_EXPORTER_OTLP_TIMEOUT: countSetting(10_000),
  OTEL_SERVICE_NAME: textSetting(),
  OTEL_RESOURCE_ATTRIBUTES: textSetting(),
  OTEL_TRACES_SAMPLER: choice(
    [...samplers, ...parentBased],
    `one of ${[...samplers, ...parentBased].join(", ")}`,
  ),
  OTEL_TRACES_SAMPLER_ARG: z.preprocess(
    (value) => (value === "" ? undefined : value),
    z.coerce
      .number("a number, 0 to 1")
      .min(0, "a number, 0 to 1")
      .max(1, "a number, 0 to 1")
      .default(1),
  ),
} as const;

const TracingSettings = z.object(tracingSettings);
export type TracingSettings = z.infer<typeof TracingSettings>;

/** Where spans go; undefined where nothing is traced. */
export function tracesUrl(settings: TracingSettings): string | undefined {
  if (settings.OTEL_SDK_DISABLED || settings.OTEL_TRACES_EXPORTER === "none") return undefined;
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole } = settings;
  if (!whole && !base) return undefined;
  const url = whole ?? `${base?.replace(/\/+$/, "")}/v1/traces`;
  // Addresses carry passwords: the value is not shown.
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new Error(
      `OTEL_EXPORTER_OTLP_${whole ? "TRACES_" : ""}ENDPOINT=(hidden): expected the http(s) address of a collector`,
    );
  return url;
}

/** `name=value` pairs, comma-separated and percent-encoded. */
export function readPairs(text: string | undefined): Record<string, string> {
  const pairs = (text ?? "").split(",").flatMap((pair) => {
    const [name = "", ...value] = pair.split("=");
    return name.trim() && value.length > 0 ? [[name.trim(), decoded(value.join("="))]] : [];
  });
  return Object.fromEntries(pairs);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.trim());
  } catch {
    return value.trim();
  }
}
