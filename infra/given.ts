const limits = [
  ...["RATE_LIMIT_GLOBAL", "RATE_LIMIT_IP", "RATE_LIMIT_FLOW", "RATE_LIMIT_KEY"],
  ...["RATE_LIMIT_TENANT", "RATE_LIMIT_FLOWISE_AWAY", "RATE_LIMIT_LOCAL_SHARE"],
  ...["MAX_CONCURRENT_PER_FLOW", "MAX_CONCURRENT_PER_KEY"],
  ...["MAX_QUEUED_PREDICTIONS", "MAX_QUEUE_WAIT_SECONDS"],
];
/** Not the headers: they hold a collector's key, which has no place in a task definition. */
const traces = [
  ...["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"],
  ...["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_TRACES_EXPORTER"],
  ...["OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"],
  ...["OTEL_RESOURCE_ATTRIBUTES", "OTEL_SDK_DISABLED"],
];
const both = [
  ...["LOG_LEVEL", "ENABLE_METRICS", "METRICS_SERVICE_NAME", "PREDICTION_TIMEOUT_SECONDS"],
  "DISCONNECT_GRACE_SECONDS",
];

/** Settings of the processes that whoever deploys has set, under their own names. */
export interface Given {
  api: Record<string, string>;
  worker: Record<string, string>;
  /** A function's: it traces nothing. */
  function: Record<string, string>;
}

export function givenSettings(environment: Record<string, string | undefined>): Given {
  const given = (names: string[]) =>
    Object.fromEntries(
      names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
    );
  return {
    api: given([...both, ...limits, ...traces]),
    worker: given([...both, ...traces]),
    function: given([...both, ...limits]),
  };
}
