import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, until } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import { openSplit, type Split, store, storeCredential } from "./split.ts";
import { type CollectedSpan, openTraceCollector } from "./trace-collector.ts";

let simulator: Simulator;
let collector: Awaited<ReturnType<typeof openTraceCollector>>;
beforeAll(async () => {
  [simulator, collector] = await Promise.all([openSimulator({ ttftMs: 1 }), openTraceCollector()]);
});
afterAll(async () => {
  await simulator?.close();
  collector?.close();
});

/** A caller's own trace. */
function callers() {
  const [traceId, spanId] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}
const withoutPrefix = (span: CollectedSpan | undefined, prefix: string) =>
  Object.keys(span?.attributes ?? {}).filter((name) => name.startsWith(prefix));

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  let flow: string;
  beforeAll(async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    split = await openSplit({ mode, env });
    const model = { url: simulator.url, credential: await storeCredential(split) };
    flow = await store(split, chain(start(), llm(model)));
  });
  afterAll(() => split?.close());

  test("one trace holds the call, the run, its nodes and the model, below the caller's span", async () => {
    const { traceId, spanId, headers } = callers();
    const question = "a question that nobody else may read [[n=3]]";
    const answer = await ask(split.url, flow, { question }, { headers });
    expect(answer.status).toBe(200);
    await until(() => collector.of(traceId).length >= 5, 10_000);
    const spans = collector.of(traceId);
    const named = (name: string) => spans.find((span) => span.name.startsWith(name));
    const [request, run, node, model] = [
      named("POST /api/v1/prediction/:id"),
      named("invoke_agent"),
      spans.find(({ attributes }) => attributes["sluice.node.id"] === "llmAgentflow_0"),
      named("chat "),
    ];
    expect(request?.parentSpanId).toBe(spanId);
    expect(run?.parentSpanId).toBe(request?.spanId);
    expect(node?.parentSpanId).toBe(run?.spanId);
    expect(model?.parentSpanId).toBe(node?.spanId);
    expect(request?.service).toBe("sluice-api");
    expect(run?.service).toBe(mode === "queue" ? "sluice-worker" : "sluice-api");
    expect(request?.attributes["http.response.status_code"]).toBe(200);
    expect(run?.attributes).toMatchObject({
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.id": flow,
      "sluice.prediction.id": answer.headers.get("x-prediction-id"),
      "sluice.prediction.state": "succeeded",
    });
    expect(model?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.usage.output_tokens": 3,
    });
    expect(model?.name).toBe(`chat ${model?.attributes["gen_ai.request.model"]}`);
    expect(withoutPrefix(model, "gen_ai.input")).toEqual([]);
    expect(collector.text()).not.toContain("nobody else may read");
  });

  test("what a caller does not sample is not traced", async () => {
    const { traceId, headers } = callers();
    const unsampled = { traceparent: headers.traceparent.replace(/01$/, "00") };
    await ask(split.url, flow, { question: "[[n=1]]" }, { headers: unsampled });
    const next = callers();
    await ask(split.url, flow, { question: "[[n=1]]" }, { headers: next.headers });
    await until(() => collector.of(next.traceId).length >= 5, 10_000);
    expect(collector.of(traceId)).toEqual([]);
  });

  test("an accepted prediction belongs to the trace of the call that it was accepted by", async () => {
    const { traceId, headers } = callers();
    const response = await fetch(`${split.url}/v1/predictions`, {
      method: "POST",
      headers: {
        ...headers,
        authorization: `Bearer ${split.key}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ flowId: flow, question: "[[n=1]]" }),
      signal: AbortSignal.timeout(10_000),
    });
    // A quick one may have ended by the time it is answered.
    expect(response.ok).toBe(true);
    const find = (name: string) => collector.of(traceId).find((span) => span.name.startsWith(name));
    await until(() => ["invoke_agent", "POST"].every((name) => find(name)), 10_000);
    expect(find("invoke_agent")?.parentSpanId).toBe(find("POST /v1/predictions")?.spanId);
  });
});

test("a run that another worker goes on with stays in its trace", async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: "mine",
    ENABLE_METRICS: "true",
    WORKER_STOP_TIMEOUT_SECONDS: "1",
  };
  const split = await openSplit({ workers: 2, env });
  const isBusy = async ({ url }: { url: string }) =>
    /sluice_worker_running\{[^}]*\} 1/.test(await (await fetch(`${url}/metrics`)).text());
  try {
    const flow = await store(split, chain(start(), llm({ url: simulator.url })));
    const { traceId, headers } = callers();
    const before = simulator.stats().requests;
    const question = "[[n=60 gap=50]]";
    const asked = ask(split.url, flow, { question }, { headers, timeoutMs: 30_000 });
    await until(() => simulator.stats().requests === before + 1, 5000);
    const [first] = split.workers;
    const busy = first && (await isBusy(first)) ? first : split.workers[1];
    busy?.signal("SIGTERM");
    expect((await asked).status).toBe(200);
    const runs = () => collector.of(traceId).filter(({ name }) => name.startsWith("invoke_agent"));
    const findRequest = () => collector.of(traceId).find(({ name }) => name.startsWith("POST"));
    await until(() => runs().length === 2 && findRequest() !== undefined, 10_000);
    const request = findRequest();
    expect(runs().map(({ parentSpanId }) => parentSpanId)).toEqual([
      request?.spanId,
      request?.spanId,
    ]);
    expect(runs().map(({ attributes }) => Number(attributes["sluice.fence"]))).toEqual([1, 2]);
    expect(runs().map(({ service }) => service)).toEqual(["mine", "mine"]);
  } finally {
    await split.close();
  }
}, 60_000);

test("a collector that is away costs no answer, and is told of", async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    OTEL_EXPORTER_OTLP_TIMEOUT: "500",
  };
  const split = await openSplit({ mode: "main", env });
  try {
    const flow = await store(split, chain(start(), llm({ url: simulator.url })));
    expect((await ask(split.url, flow, { question: "[[n=1]]" })).status).toBe(200);
    await until(() => split.output().includes("Traces could not be sent"), 10_000);
    expect((await ask(split.url, flow, { question: "[[n=1]]" })).status).toBe(200);
  } finally {
    await split.close();
  }
});
