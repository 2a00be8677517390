import { expect, test } from "vitest";
import { givenSettings } from "../given.ts";

test("what is set where one deploys goes to the processes that read it, and nothing else does", () => {
  const given = givenSettings({
    RATE_LIMIT_IP: "100/60s",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=secret",
    LOG_LEVEL: "",
    AWS_SECRET_ACCESS_KEY: "secret",
  });
  expect(given).toEqual({
    api: { RATE_LIMIT_IP: "100/60s", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
    worker: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
    function: { RATE_LIMIT_IP: "100/60s" },
  });
});
