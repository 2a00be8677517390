import { expect, test } from "vitest";
import { z } from "zod";
import { readSettings } from "../settings.ts";
import { readPairs, tracesUrl, tracingSettings } from "./tracing-settings.ts";

const read = (environment: Record<string, string>) =>
  readSettings(z.object(tracingSettings), environment);

test.each([
  ["nothing is traced unless a collector is named", {}, undefined],
  [
    "a collector's base address gets the path for traces",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318/" },
    "http://c:4318/v1/traces",
  ],
  [
    "an address for traces is taken as it is",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://d/x" },
    "http://d/x",
  ],
  [
    "traces can be switched off",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_SDK_DISABLED: "true" },
    undefined,
  ],
  [
    "an exporter that is none exports nothing",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_TRACES_EXPORTER: "none" },
    undefined,
  ],
] as [string, Record<string, string>, string | undefined][])("%s", (_, environment, expected) => {
  expect(tracesUrl(read(environment))).toBe(expected);
});

test("what is not understood is said, without what may be secret", () => {
  const wrong = () => tracesUrl(read({ OTEL_EXPORTER_OTLP_ENDPOINT: "user:secret@c" }));
  expect(wrong).toThrow(/^OTEL_EXPORTER_OTLP_ENDPOINT=\(hidden\): expected the http/);
  expect(() => read({ OTEL_TRACES_SAMPLER: "some" })).toThrow(/expected one of always_on/);
  expect(() => read({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })).toThrow(/grpc is not supported/);
  expect(() => read({ OTEL_TRACES_SAMPLER_ARG: "2" })).toThrow(/expected a number, 0 to 1/);
});

test("headers are pairs, percent-encoded", () => {
  expect(readPairs("authorization=Bearer%20x, a=b=c,,bad")).toEqual({
    authorization: "Bearer x",
    a: "b=c",
  });
});
