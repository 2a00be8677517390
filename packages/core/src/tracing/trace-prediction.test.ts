import { ROOT_CONTEXT } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import type { PredictionJob } from "../prediction/prediction.ts";
import { tracePrediction } from "./trace-prediction.ts";

const job = {
  id: "prd_1",
  flowId: "f",
  chatId: "c",
  flowVersion: 1,
  acceptedAt: 0,
} as PredictionJob;

async function traced(run: Parameters<typeof tracePrediction>[4]) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  await tracePrediction(provider.getTracer("test"), ROOT_CONTEXT, job, 1, run).catch(() => {});
  const spans = exporter.getFinishedSpans();
  const nameOf = (id: string | undefined) => spans.find((s) => s.spanContext().spanId === id)?.name;
  return Object.fromEntries(
    spans.map((span) => [
      span.name,
      { parent: nameOf(span.parentSpanContext?.spanId), error: span.attributes["error.type"] },
    ]),
  );
}

test("tools and models are below the innermost node at work, and errors are told by their kind", async () => {
  const spans = await traced(async (trace) => {
    trace.note({ type: "node.started", nodeId: "a", label: "Iteration" });
    trace.note({ type: "node.started", nodeId: "b", label: "Agent" });
    const asked = { component: "chatOpenAI", modelName: "gpt" };
    await trace.model(asked, async () => ({ text: "secret", toolCalls: [], metadata: {} }));
    const refused = Object.assign(new Error("a secret"), { status: 429 });
    await trace.tool("search", () => Promise.reject(refused)).catch(() => {});
    const record = {} as never;
    trace.note({
      type: "node.finished",
      nodeId: "b",
      label: "Agent",
      inner: true,
      records: [record],
    });
    await trace.tool("late", async () => "secret");
    trace.ended("failed");
  });
  expect(spans).toEqual({
    "invoke_agent f": { parent: undefined, error: "failed" },
    "node Iteration": { parent: "invoke_agent f", error: undefined },
    "node Agent": { parent: "node Iteration", error: undefined },
    "chat gpt": { parent: "node Agent", error: undefined },
    "execute_tool search": { parent: "node Agent", error: "429" },
    "execute_tool late": { parent: "node Iteration", error: undefined },
  });
});
