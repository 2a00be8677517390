import type { ChatMessage, ContentPart, ModelRequest } from "../model.ts";
import { argumentsText } from "./answer.ts";
import { textOf } from "./image.ts";

type Item = Record<string, unknown>;

/** Messages as items of the Responses API; a tool round begins with what the model itself put out. */
export const responsesInput = (messages: ChatMessage[]): Item[] => messages.flatMap(items);

function items({ role, content, toolCalls = [], toolCallId, metadata }: ChatMessage): Item[] {
  if (role === "tool")
    return [{ type: "function_call_output", call_id: toolCallId, output: textOf(content) }];
  if (role !== "assistant") return [{ role, content: inputContent(content) }];
  const kept = metadata?.output as Item[] | undefined;
  if (kept) {
    // A call that was not run has no result and must not be there.
    const ids = new Set(toolCalls.map(({ id }) => id));
    return kept.filter((item) => item.type !== "function_call" || ids.has(String(item.call_id)));
  }
  const text = textOf(content);
  return [
    ...(text ? [{ role, content: text }] : []),
    ...toolCalls.map((call) => ({
      type: "function_call",
      call_id: call.id,
      name: call.name,
      arguments: argumentsText(call),
    })),
  ];
}

const inputContent = (content: string | ContentPart[]) =>
  typeof content === "string"
    ? content
    : content.map((part) =>
        part.type === "text"
          ? { type: "input_text", text: part.text }
          : { type: "input_image", image_url: part.image_url.url },
      );

export function responsesTools({
  tools = [],
  providerTools = [],
  schema,
  toolChoice,
}: ModelRequest) {
  const functions = [...tools, ...(schema ? [{ description: undefined, ...schema }] : [])];
  const choice = schema ? { name: schema.name } : toolChoice;
  return {
    tools: [
      ...functions.map(({ name, description, schema: parameters }) => ({
        type: "function",
        name,
        description,
        parameters,
        strict: false,
      })),
      ...providerTools,
    ],
    ...(choice && {
      tool_choice:
        typeof choice === "object"
          ? { type: "function", name: choice.name }
          : choice === "any"
            ? "required"
            : choice,
    }),
  };
}
