import type { ModelAnswer, ModelRequest } from "../model.ts";
import { newCallId, parseArguments, tokenDetails, usageOf } from "./answer.ts";
import { brokenOff, streamRefusal } from "./provider-request.ts";

// Every token brings one of these, so they are read as they are and not parsed by zod: all fields may be missing.
interface Completion {
  id?: string;
  model?: string;
  choices?: { delta?: Delta; message?: Delta; finish_reason?: string | null }[];
  usage?: WireUsage | null;
  x_groq?: { usage?: WireUsage };
  error?: unknown;
}
interface Delta {
  content?: string | Part[] | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  refusal?: string | null;
  tool_calls?:
    | { index?: number; id?: string; function?: { name?: string; arguments?: unknown } }[]
    | null;
}
/** Mistral's reasoning models send text and thinking in parts. */
interface Part {
  type?: string;
  text?: string;
  thinking?: Part[];
}
interface WireUsage {
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  prompt_tokens_details?: { cached_tokens?: number; audio_tokens?: number } | null;
  completion_tokens_details?: { reasoning_tokens?: number; audio_tokens?: number } | null;
}

/** Collects one answer from the chunks of a stream, or from the whole. */
export function openAiAnswer(provider: string, { onText, onReasoning }: ModelRequest) {
  let text = "";
  let reasoning = "";
  let usage: WireUsage | undefined;
  let id: string | undefined;
  let model: string | undefined;
  let finishReason: string | undefined;
  let ended = false;
  const calls: { id: string | undefined; name: string; args: string }[] = [];

  function addText(more: string | null | undefined) {
    if (!more) return;
    text += more;
    onText?.(more);
  }

  function addReasoning(more: string | null | undefined) {
    if (!more) return;
    reasoning += more;
    onReasoning?.(more);
  }

  function takeDelta(delta: Delta) {
    addReasoning(delta.reasoning_content ?? delta.reasoning);
    if (typeof delta.content === "string") addText(delta.content);
    else
      for (const part of delta.content ?? []) {
        if (part.type === "thinking")
          for (const thought of part.thinking ?? []) addReasoning(thought.text);
        else addText(part.text);
      }
    addText(delta.refusal);
    delta.tool_calls?.forEach(({ index, id, function: called }) => {
      // Compatible servers that leave the index out begin each call with its id.
      const at = index ?? (id || calls.length === 0 ? calls.length : calls.length - 1);
      calls[at] ??= { id: undefined, name: "", args: "" };
      const call = calls[at];
      call.id ||= id;
      call.name ||= called?.name ?? "";
      const args = called?.arguments;
      call.args += typeof args === "object" ? JSON.stringify(args ?? {}) : (args ?? "");
    });
  }

  function take(completion: Completion) {
    if (completion.error) throw streamRefusal(completion.error);
    usage = completion.usage ?? completion.x_groq?.usage ?? usage;
    id ||= completion.id;
    model ||= completion.model;
    const choice = completion.choices?.[0];
    if (!choice) return;
    const delta = choice.delta ?? choice.message;
    if (delta) takeDelta(delta);
    finishReason = choice.finish_reason ?? finishReason;
  }

  return {
    /** The data of one server-sent event; true after the last. */
    takeEvent(data: string): boolean {
      if (data === "[DONE]") ended = true;
      else take(JSON.parse(data) as Completion);
      return ended;
    },
    takeWhole(body: unknown) {
      take((body ?? {}) as Completion);
      ended = true;
    },
    finish(): ModelAnswer {
      if (!ended && !finishReason) throw brokenOff();
      return {
        text,
        ...(reasoning && { reasoning }),
        toolCalls: calls.filter(Boolean).map(({ id, name, args }) => ({
          id: id || newCallId(),
          name,
          args: parseArguments(args),
        })),
        ...(usage && { usage: wireUsage(usage) }),
        metadata: {
          id,
          model_provider: provider,
          model_name: model,
          finish_reason: finishReason,
          usage,
        },
      };
    },
  };
}

const wireUsage = (usage: WireUsage) =>
  usageOf(usage.prompt_tokens ?? 0, usage.completion_tokens ?? 0, usage.total_tokens, {
    input: tokenDetails({
      audio: usage.prompt_tokens_details?.audio_tokens,
      cache_read: usage.prompt_tokens_details?.cached_tokens,
    }),
    output: tokenDetails({
      audio: usage.completion_tokens_details?.audio_tokens,
      reasoning: usage.completion_tokens_details?.reasoning_tokens,
    }),
  });
