import type { ModelAnswer, ModelRequest, ProviderCall } from "../model.ts";
import { parseArguments, usageOf } from "./answer.ts";
import type { Block } from "./anthropic-request.ts";
import { brokenOff, streamRefusal } from "./provider-request.ts";

// Every token brings one of these, so they are read as they are and not parsed by zod: all fields may be missing.
interface Event {
  type?: string;
  index?: number;
  message?: Message;
  content_block?: Block;
  delta?: {
    type?: string;
    text?: string;
    thinking?: string;
    signature?: string;
    partial_json?: string;
    citation?: unknown;
    stop_reason?: string;
  };
  usage?: WireUsage;
  error?: unknown;
}
interface Message {
  id?: string;
  model?: string;
  content?: Block[];
  stop_reason?: string | null;
  usage?: WireUsage;
}
interface WireUsage {
  input_tokens?: number;
  output_tokens?: number;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
}

/** Collects one answer from the events of a stream, or from the whole. */
export function anthropicAnswer({ onText, onReasoning }: ModelRequest) {
  const blocks: Block[] = [];
  const json: string[] = [];
  let about: Message = {};
  let outputTokens = 0;
  let ended = false;

  function takeDelta(index: number, delta: NonNullable<Event["delta"]>) {
    blocks[index] ??= { type: delta.type === "thinking_delta" ? "thinking" : "text" };
    const block = blocks[index];
    const append = (field: string, more = "") => {
      block[field] = String(block[field] ?? "") + more;
    };
    if (delta.type === "text_delta") {
      append("text", delta.text);
      if (delta.text) onText?.(delta.text);
    } else if (delta.type === "thinking_delta") {
      append("thinking", delta.thinking);
      if (delta.thinking) onReasoning?.(delta.thinking);
    } else if (delta.type === "signature_delta") append("signature", delta.signature);
    else if (delta.type === "input_json_delta")
      json[index] = (json[index] ?? "") + (delta.partial_json ?? "");
    else if (delta.type === "citations_delta")
      block.citations = [...((block.citations as unknown[]) ?? []), delta.citation];
  }

  function take(event: Event) {
    const { type, index = 0 } = event;
    if (type === "error") throw streamRefusal(event.error);
    if (type === "message_start") {
      about = event.message ?? {};
      outputTokens += about.usage?.output_tokens ?? 0;
    } else if (type === "content_block_start" && event.content_block)
      blocks[index] = event.content_block;
    else if (type === "content_block_delta" && event.delta) takeDelta(index, event.delta);
    else if (type === "content_block_stop" && json[index]) {
      const block = blocks[index];
      if (block) block.input = parseArguments(json[index]);
    } else if (type === "message_delta") {
      about.stop_reason = event.delta?.stop_reason ?? about.stop_reason;
      // Added to the count of `message_start`, as LangChain does and Flowise's records have it.
      outputTokens += event.usage?.output_tokens ?? 0;
    } else if (type === "message_stop") ended = true;
  }

  return {
    /** The data of one server-sent event; true after the last. */
    takeEvent(data: string): boolean {
      take(JSON.parse(data) as Event);
      return ended;
    },
    takeWhole(body: unknown) {
      about = (body ?? {}) as Message;
      blocks.push(...(about.content ?? []));
      outputTokens = about.usage?.output_tokens ?? 0;
      ended = true;
      const { text, reasoning } = texts(blocks);
      if (reasoning) onReasoning?.(reasoning);
      if (text) onText?.(text);
    },
    finish(): ModelAnswer {
      if (!ended && !about.stop_reason) throw brokenOff();
      const content = blocks.filter(Boolean);
      const { text, reasoning } = texts(content);
      const providerCalls = providerCallsIn(content);
      const plain = content.every(({ type }) => type === "text" || type === "tool_use");
      return {
        text,
        ...(reasoning && { reasoning }),
        toolCalls: content
          .filter(({ type }) => type === "tool_use")
          .map(({ id, name, input }) => ({
            id: String(id),
            name: String(name),
            args: (input ?? {}) as Record<string, unknown>,
          })),
        usage: wireUsage(about.usage, outputTokens),
        ...(providerCalls.length > 0 && { providerCalls }),
        metadata: {
          model_provider: "anthropic",
          id: about.id,
          model: about.model,
          stop_reason: about.stop_reason,
          ...(!plain && { content_blocks: content }),
        },
      };
    },
  };
}

/** Calls that Anthropic ran itself, each with its result. */
const providerCallsIn = (blocks: Block[]): ProviderCall[] =>
  blocks
    .filter(({ type }) => type === "server_tool_use")
    .map(({ id, name, input }) => ({
      tool: String(name),
      toolInput: input ?? {},
      toolOutput: blocks.find(({ tool_use_id }) => tool_use_id === id)?.content ?? "",
    }));

const texts = (blocks: Block[]) => {
  const all = (type: string) =>
    blocks.flatMap((block) => (block.type === type ? [String(block[type] ?? "")] : [])).join("");
  return { text: all("text"), reasoning: all("thinking") };
};

function wireUsage(usage: WireUsage = {}, output: number) {
  const cached = {
    cache_read: usage.cache_read_input_tokens ?? 0,
    cache_creation: usage.cache_creation_input_tokens ?? 0,
  };
  const input = (usage.input_tokens ?? 0) + cached.cache_read + cached.cache_creation;
  return usageOf(input, output, input + output, { input: cached });
}
