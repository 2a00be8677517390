import type { GuardedFetch } from "../http/guarded-fetch.ts";
import type {
  ChatMessage,
  ChatModel,
  ModelAnswer,
  ModelRequest,
  ToolDefinition,
} from "../model.ts";
import { argumentsText, withStructured } from "./answer.ts";
import { openAiAnswer } from "./openai-answer.ts";
import { postToProvider } from "./provider-request.ts";
import { withRetry } from "./retry.ts";
import { readSse } from "./sse.ts";

/** A model that speaks OpenAI's chat completions, and where its provider differs. */
export interface OpenAiWire {
  component: string;
  modelName: string;
  provider: string;
  fetch: GuardedFetch;
  url: string;
  headers: Record<string, string>;
  /** Everything of the body but messages, tools and streaming. */
  params: Record<string, unknown>;
  streaming: boolean;
  allowsImages?: boolean;
  timeoutMs?: number;
  dialect?: {
    /** The word for "some tool, whichever"; OpenAI's is `required`. */
    anyTool?: string;
    /** False where `stream_options` is refused; usage then comes unasked. */
    streamOptions?: boolean;
    /** False where `name` on a message is refused. */
    names?: boolean;
    /** What system and developer messages become. */
    systemRole?: "system" | "developer" | undefined;
    strictTools?: boolean;
  };
}

export function openAiChatModel(wire: OpenAiWire): ChatModel {
  const { component, modelName, streaming } = wire;
  return {
    component,
    modelName,
    streaming,
    allowsImages: wire.allowsImages ?? false,
    generate: (request) => withRetry(request, (each) => generate(wire, each)),
  };
}

async function generate(wire: OpenAiWire, request: ModelRequest): Promise<ModelAnswer> {
  const { signal, onText, onReasoning } = request;
  const stream = wire.streaming && Boolean(onText || onReasoning);
  const response = await postToProvider(wire.fetch, {
    url: wire.url,
    headers: wire.headers,
    body: openAiBody(wire, request, stream),
    signal,
    timeoutMs: wire.timeoutMs,
  });
  const answer = openAiAnswer(wire.provider, request);
  if (stream) await readSse(response, signal, answer.takeEvent);
  else answer.takeWhole(await response.json());
  return withStructured(answer.finish(), request);
}

function openAiBody(wire: OpenAiWire, request: ModelRequest, stream: boolean) {
  const { schema, toolChoice } = request;
  const strict = wire.dialect?.strictTools;
  const tools = [
    ...(request.tools ?? []).map((tool) => wireTool(tool, strict)),
    ...(schema ? [wireTool(schema, strict)] : []),
    ...(request.providerTools ?? []),
  ];
  const forced = schema ? { name: schema.name } : toolChoice;
  return {
    ...wire.params,
    messages: request.messages.map((message) => wireMessage(message, wire.dialect)),
    ...(tools.length > 0 && { tools }),
    ...(tools.length > 0 &&
      forced && { tool_choice: wireToolChoice(forced, wire.dialect?.anyTool) }),
    stream,
    ...(stream &&
      wire.dialect?.streamOptions !== false && { stream_options: { include_usage: true } }),
  };
}

function wireMessage(message: ChatMessage, dialect: OpenAiWire["dialect"]) {
  const { role, content, name, toolCalls, toolCallId } = message;
  const system = role === "system" || role === "developer";
  const named = name && (role === "tool" || dialect?.names !== false);
  return {
    role: system ? (dialect?.systemRole ?? role) : role,
    content,
    ...(named && { name }),
    ...(toolCalls?.length && {
      tool_calls: toolCalls.map((call) => ({
        id: call.id,
        type: "function",
        function: { name: call.name, arguments: argumentsText(call) },
      })),
    }),
    ...(toolCallId && { tool_call_id: toolCallId }),
  };
}

const wireTool = (
  { name, description, schema }: Omit<ToolDefinition, "description"> & { description?: string },
  strict: boolean | undefined,
) => ({
  type: "function",
  function: { name, description, parameters: schema, ...(strict && { strict }) },
});

const wireToolChoice = (choice: NonNullable<ModelRequest["toolChoice"]>, anyTool = "required") =>
  typeof choice === "object"
    ? { type: "function", function: { name: choice.name } }
    : choice === "any"
      ? anyTool
      : choice;
