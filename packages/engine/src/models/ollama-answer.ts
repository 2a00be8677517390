import type { ModelAnswer, ModelRequest, ToolCall } from "../model.ts";
import { newCallId, parseArguments, usageOf } from "./answer.ts";
import { brokenOff, streamRefusal } from "./provider-request.ts";

interface Line {
  message?: {
    content?: string;
    thinking?: string;
    tool_calls?: { id?: string; function?: { name?: string; arguments?: unknown } }[];
  };
  done?: boolean;
  prompt_eval_count?: number;
  eval_count?: number;
  error?: unknown;
  [about: string]: unknown;
}

/** Collects one answer from its lines; an answer that is not streamed is a single one. */
export function ollamaAnswer({ onText, onReasoning }: ModelRequest) {
  let text = "";
  let reasoning = "";
  let last: Line | undefined;
  const toolCalls: ToolCall[] = [];

  return {
    take(value: unknown) {
      const line = (value ?? {}) as Line;
      if (line.error) throw streamRefusal(line.error);
      const { content, thinking, tool_calls: calls } = line.message ?? {};
      if (thinking) {
        reasoning += thinking;
        onReasoning?.(thinking);
      }
      if (content) {
        text += content;
        onText?.(content);
      }
      for (const { id, function: called } of calls ?? []) {
        const args = called?.arguments ?? {};
        toolCalls.push({
          id: id || newCallId(),
          name: called?.name ?? "",
          args: parseArguments(typeof args === "string" ? args : JSON.stringify(args)),
        });
      }
      if (line.done) last = line;
    },
    finish(): ModelAnswer {
      if (!last) throw brokenOff();
      const { message: _, ...about } = last;
      return {
        text,
        ...(reasoning && { reasoning }),
        toolCalls,
        usage: usageOf(last.prompt_eval_count ?? 0, last.eval_count ?? 0),
        metadata: { model_provider: "ollama", ...about },
      };
    },
  };
}
