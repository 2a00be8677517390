import { randomUUID } from "node:crypto";
import {
  type ModelAnswer,
  ModelError,
  type ModelRequest,
  type ToolCall,
  type Usage,
} from "../model.ts";

/** Arguments as the model wrote them; what is no JSON object is kept under `__raw`. */
export function parseArguments(text: string): Record<string, unknown> {
  if (!text.trim()) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (value && typeof value === "object" && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // falls through: the caller tells the model what was wrong
  }
  return { __raw: text };
}

/** The reverse of {@link parseArguments}, for a call that is sent back to its model. */
export const argumentsText = (call: ToolCall): string =>
  typeof call.args.__raw === "string" ? call.args.__raw : JSON.stringify(call.args);

export const newCallId = (): string => randomUUID();

export const usageOf = (
  input: number,
  output: number,
  total = input + output,
  details: { input?: Record<string, number>; output?: Record<string, number> } = {},
): Usage => ({
  input_tokens: input,
  output_tokens: output,
  total_tokens: total,
  input_token_details: details.input ?? {},
  output_token_details: details.output ?? {},
});

/** Keeps the counts a provider gave under LangChain's names. */
export function tokenDetails(
  counts: Record<string, number | null | undefined>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).filter((entry): entry is [string, number] => entry[1] != null),
  );
}

/** Moves the call (or the text) that carries the asked-for object into `structured`. */
export function withStructured(answer: ModelAnswer, request: ModelRequest): ModelAnswer {
  const { schema } = request;
  if (!schema) return answer;
  const call = answer.toolCalls.find(({ name }) => name === schema.name);
  const structured = call?.args ?? parseArguments(unfenced(answer.text));
  if ("__raw" in structured || (!call && !answer.text.trim()))
    throw new ModelError(
      "The model did not answer with an object of the form that was asked for",
      {},
    );
  return { ...answer, structured, toolCalls: answer.toolCalls.filter((each) => each !== call) };
}

const unfenced = (text: string): string => /^\s*```\w*\n([\s\S]*?)```\s*$/.exec(text)?.[1] ?? text;
