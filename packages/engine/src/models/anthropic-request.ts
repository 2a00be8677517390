import type { ChatMessage, ContentPart, ModelRequest } from "../model.ts";
import { parseDataUri, textOf } from "./image.ts";

export type Block = { type: string } & Record<string, unknown>;

/** Messages in Anthropic's form: system text apart, results of tools together in one user message. */
export function anthropicMessages(messages: ChatMessage[]) {
  const system = messages
    .filter(({ role }) => role === "system" || role === "developer")
    .map(({ content }) => textOf(content))
    .join("\n\n");
  const turns: { role: string; content: string | Block[] }[] = [];
  let results: Block[] | undefined;
  for (const message of messages) {
    if (message.role === "system" || message.role === "developer") continue;
    if (message.role !== "tool") {
      results = undefined;
      turns.push(
        message.role === "assistant"
          ? { role: "assistant", content: assistantContent(message) }
          : { role: "user", content: userContent(message.content) },
      );
      continue;
    }
    if (!results) {
      results = [];
      turns.push({ role: "user", content: results });
    }
    results.push({
      type: "tool_result",
      tool_use_id: message.toolCallId,
      content: userContent(message.content),
    });
  }
  return { ...(system && { system }), messages: turns };
}

const userContent = (content: string | ContentPart[]): string | Block[] =>
  typeof content === "string" ? content : content.map(block);

function block(part: ContentPart): Block {
  if (part.type === "text") return part;
  const { url } = part.image_url;
  const inline = parseDataUri(url);
  const source = inline
    ? { type: "base64", media_type: inline.mime, data: inline.base64 }
    : { type: "url", url };
  return { type: "image", source };
}

function assistantContent({ content, toolCalls = [], metadata }: ChatMessage): string | Block[] {
  const kept = metadata?.content_blocks as Block[] | undefined;
  if (kept) {
    // Signed thinking must come back unchanged; a call that was not run has no result and must not.
    const ids = new Set(toolCalls.map(({ id }) => id));
    return kept.filter(({ type, id }) => type !== "tool_use" || ids.has(String(id)));
  }
  if (toolCalls.length === 0) return userContent(content);
  const parts = typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
  return [
    ...parts.filter((part) => part.type !== "text" || part.text).map(block),
    ...toolCalls.map(({ id, name, args }) => ({ type: "tool_use", id, name, input: args })),
  ];
}

export function anthropicTools(
  { tools = [], providerTools = [], schema, toolChoice }: ModelRequest,
  thinks: boolean,
) {
  const all = [
    ...tools.map(({ name, description, schema: input_schema }) => ({
      name,
      description,
      input_schema,
    })),
    ...(schema
      ? [
          {
            name: schema.name,
            description: schema.description ?? "A function available to call.",
            input_schema: schema.schema,
          },
        ]
      : []),
    ...providerTools,
  ];
  if (all.length === 0) return {};
  const choice = schema ? { name: schema.name } : toolChoice;
  // A model that thinks may not be forced to use a tool.
  if (!choice || thinks) return { tools: all };
  const tool_choice =
    typeof choice === "object" ? { type: "tool", name: choice.name } : { type: choice };
  return { tools: all, tool_choice };
}
