import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { PredictionEvent, PredictionJob } from "../prediction/prediction.ts";
import type { PredictionTrace } from "./tracing.ts";

/** The names that GenAI's conventions have for providers. */
const providers: Record<string, string> = {
  azureChatOpenAI: "azure.ai.openai",
  chatAnthropic: "anthropic",
  chatGoogleGenerativeAI: "gcp.gemini",
  chatMistralAI: "mistral_ai",
  chatOllama: "ollama",
  chatOpenAI: "openai",
  groqChat: "groq",
};

interface OpenNode {
  nodeId: string;
  span: Span;
}

/** One run as spans: the prediction, its nodes, their calls of models and tools. No span holds what was said. */
export async function tracePrediction(
  tracer: Tracer,
  parent: Context,
  job: PredictionJob,
  fence: number,
  run: (trace: PredictionTrace) => Promise<void>,
): Promise<void> {
  const kind = SpanKind.CONSUMER;
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.id": job.flowId,
    "gen_ai.conversation.id": job.chatId,
    "sluice.prediction.id": job.id,
    "sluice.flow.version": job.flowVersion,
    "sluice.fence": fence,
    "sluice.queue.wait_ms": Math.max(0, Date.now() - job.acceptedAt),
  };
  const whole = tracer.startSpan(`invoke_agent ${job.flowId}`, { kind, attributes }, parent);
  const inside = trace.setSpan(parent, whole);
  /** A node inside of an iteration stands above it. */
  const nodes: OpenNode[] = [];
  const current = () => {
    const node = nodes.at(-1);
    return node ? trace.setSpan(inside, node.span) : inside;
  };

  async function spanned<T>(
    name: string,
    options: { kind: SpanKind; attributes: Attributes },
    call: () => Promise<T>,
    onAnswer: (span: Span, answer: T) => void = () => {},
  ): Promise<T> {
    const around = current();
    const span = tracer.startSpan(name, options, around);
    try {
      const answer = await context.with(trace.setSpan(around, span), call);
      onAnswer(span, answer);
      return answer;
    } catch (error) {
      failed(span, errorType(error));
      throw error;
    } finally {
      span.end();
    }
  }

  function note(event: PredictionEvent): void {
    if (event.type === "node.started") {
      const attributes = { "sluice.node.id": event.nodeId, "sluice.node.label": event.label };
      const span = tracer.startSpan(`node ${event.label}`, { attributes }, current());
      nodes.push({ nodeId: event.nodeId, span });
    } else if (event.type === "node.finished" || event.type === "node.stopped") close(event.nodeId);
    else if (event.type === "node.failed") close(event.nodeId, event.status);
  }

  function close(nodeId: string, error?: string): void {
    const from = nodes.findLastIndex((node) => node.nodeId === nodeId);
    if (from < 0) return;
    for (const { span } of nodes.splice(from).reverse()) {
      if (error) failed(span, error);
      span.end();
    }
  }

  try {
    await run({
      note,
      ended(state) {
        whole.setAttribute("sluice.prediction.state", state);
        if (state === "failed" || state === "expired") failed(whole, state);
      },
      model({ component, modelName }, call) {
        const attributes = {
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": providers[component] ?? component,
          "gen_ai.request.model": modelName,
        };
        const options = { kind: SpanKind.CLIENT, attributes };
        return spanned(`chat ${modelName}`, options, call, (span, { usage, toolCalls }) => {
          if (toolCalls.length > 0) span.setAttribute("sluice.tool_calls", toolCalls.length);
          if (!usage) return;
          span.setAttribute("gen_ai.usage.input_tokens", usage.input_tokens);
          span.setAttribute("gen_ai.usage.output_tokens", usage.output_tokens);
        });
      },
      tool(name, call) {
        const attributes = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name };
        return spanned(`execute_tool ${name}`, { kind: SpanKind.INTERNAL, attributes }, call);
      },
    });
  } catch (error) {
    failed(whole, errorType(error));
    throw error;
  } finally {
    for (const { span } of nodes.reverse()) span.end();
    whole.end();
  }
}

/** Words of an error may quote what was said: only its kind is kept. */
function failed(span: Span, type: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function errorType(error: unknown): string {
  const { status, name } = error as { status?: unknown; name?: string };
  return typeof status === "number" ? String(status) : (name ?? "Error");
}
