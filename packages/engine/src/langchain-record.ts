import type { HistoryMessage } from "./event.ts";
import type { ChatModel, ModelAnswer, ToolCall } from "./model.ts";

/** An assistant message with tool calls as execution records show it: in LangChain's shape, which differs by provider. */
export function assistantRecord(
  model: ChatModel,
  answer: ModelAnswer,
  calls: ToolCall[],
): HistoryMessage {
  const id = typeof answer.metadata.id === "string" ? answer.metadata.id : undefined;
  return {
    role: "assistant",
    content: answer.text,
    tool_calls: calls.map(({ id: callId, name, args }) => ({
      name,
      args,
      id: callId,
      type: "tool_call",
    })),
    additional_kwargs: extras(model, calls, id),
    usage_metadata: answer.usage,
    ...(id !== undefined && model.component !== "chatGoogleGenerativeAI" && { id }),
  } as HistoryMessage;
}

function extras(model: ChatModel, calls: ToolCall[], id: string | undefined) {
  switch (model.component) {
    case "chatAnthropic":
      return {
        id,
        type: "message",
        role: "assistant",
        model: model.modelName,
        stop_reason: "tool_use",
      };
    case "chatGoogleGenerativeAI":
      return { __gemini_function_call_thought_signatures__: {} };
    case "chatOllama":
      return {};
    default:
      return {
        tool_calls: calls.map((call, index) => ({
          index,
          id: call.id,
          type: "function",
          function: { name: call.name, arguments: JSON.stringify(call.args) },
        })),
      };
  }
}
