import type { ChatMessage } from "../model.ts";
import { newCallId, parseArguments } from "../models/answer.ts";
import type { Tool } from "../tool.ts";
import { askModel, withImages } from "./ask-model.ts";
import type { ChatNodeRun, ChatResult } from "./chat-node.ts";
import { callTool, resultOf, stopped, type ToolLoop } from "./tool-loop.ts";

/** How an agent without tool calls says in text what it wants. */
export interface TextFormat {
  instructions(tools: Tool[]): string;
  /** The call or the answer in a text; undefined where it has neither form. */
  read(text: string): { tool: string; input: unknown } | { answer: string } | undefined;
  /** What the model is told of a tool's result. */
  observation(text: string): string;
}

const defaultRounds = 15;

/** Asks the model and runs the tools that its texts call, until it answers. A text without form is the answer. */
export async function runTextAgent(
  { model, messages, tools, maxIterations }: ToolLoop,
  format: TextFormat,
  context: ChatNodeRun,
): Promise<ChatResult> {
  const [system, ...others] = messages;
  const content = `${system?.content ?? ""}\n\n${format.instructions(tools)}`.trim();
  const conversation: ChatMessage[] = withImages(
    [{ role: "system", content }, ...others],
    model,
    context,
  );
  const found: Parameters<typeof resultOf>[1] = [];
  const rounds = maxIterations || defaultRounds;
  for (let round = 0; round < rounds; round++) {
    const answer = await askModel(
      model,
      { messages: conversation },
      { ...context, voice: undefined },
    );
    // Some models make up the result, too.
    const text = answer.text.split(/\n\s*Observation:/)[0] ?? "";
    const step = format.read(text);
    if (!step) return resultOf(text.trim(), found);
    if ("answer" in step) return resultOf(step.answer, found);
    const call = { id: newCallId(), name: step.tool, args: argumentsOf(step, tools) };
    const called = await callTool(call, tools, context);
    found.push(called);
    if (tools.find(({ name }) => name === step.tool)?.returnDirect)
      return resultOf(called.text, found);
    conversation.push(
      { role: "assistant", content: text.trim() },
      { role: "user", content: format.observation(called.text) },
    );
  }
  return resultOf(stopped, found);
}

/** A text for a tool that takes one; else the object it describes. */
function argumentsOf(
  { tool, input }: { tool: string; input: unknown },
  tools: Tool[],
): Record<string, unknown> {
  if (typeof input === "object" && input !== null && !Array.isArray(input))
    return input as Record<string, unknown>;
  const text = typeof input === "string" ? input : JSON.stringify(input ?? "");
  const schema = tools.find(({ name }) => name === tool)?.schema;
  const names = Object.keys((schema?.properties as object | undefined) ?? {});
  const parsed = parseArguments(text);
  if (!("__raw" in parsed) && names.some((name) => name in parsed)) return parsed;
  return names.length === 1 ? { [names[0]!]: text } : parsed;
}

/** One line for each tool: name, what it does, what it takes. */
export const toolLines = (tools: Tool[]): string =>
  tools
    .map(({ name, description, schema }) => {
      const takes = JSON.stringify(schema.properties ?? {});
      return `${name}: ${description} Takes: ${takes}`;
    })
    .join("\n");
