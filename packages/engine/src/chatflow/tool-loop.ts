import type { UsedTool } from "../event.ts";
import type { ChatMessage, ChatModel, ToolCall } from "../model.ts";
import { tracedTool } from "../run-trace.ts";
import type { Tool, ToolResult } from "../tool.ts";
import { fitArguments } from "../tools/fit-arguments.ts";
import { askModel } from "./ask-model.ts";
import type { ChatNodeRun, ChatResult } from "./chat-node.ts";

const defaultRounds = 15;
const maxResultLength = 1_000_000;
export const stopped = "Agent stopped due to max iterations.";

/** What came of one call: what the model is told, and what the reader is shown. */
interface Called {
  text: string;
  used?: UsedTool;
  sourceDocuments?: unknown[];
  artifacts?: unknown[];
}

export interface ToolLoop {
  model: ChatModel;
  messages: ChatMessage[];
  tools: Tool[];
  maxIterations: number | undefined;
}

/** Asks the model and runs the tools it calls, those of one round side by side, until it answers in words. */
export async function runToolLoop(
  { model, messages, tools, maxIterations }: ToolLoop,
  context: ChatNodeRun,
): Promise<ChatResult> {
  const conversation = [...messages];
  const found: Called[] = [];
  const definitions = tools.map(({ name, description, schema }) => ({ name, description, schema }));
  const rounds = maxIterations || defaultRounds;
  for (let round = 0; round < rounds; round++) {
    const request = {
      messages: conversation,
      ...(definitions.length > 0 && { tools: definitions }),
    };
    const answer = await askModel(model, request, context);
    const { text, toolCalls, metadata } = answer;
    if (toolCalls.length === 0) return resultOf(text, found);
    if (context.services.signal.aborted) throw new Error("Aborted");
    const called = await Promise.all(toolCalls.map((call) => callTool(call, tools, context)));
    found.push(...called);
    const direct = called.find((_, i) => isDirect(toolCalls[i]!, tools));
    if (direct) return resultOf(direct.text, found);
    conversation.push({ role: "assistant", content: text, toolCalls, metadata });
    for (const [i, { id }] of toolCalls.entries())
      conversation.push({ role: "tool", content: called[i]!.text, toolCallId: id });
  }
  return resultOf(stopped, found);
}

const isDirect = (call: ToolCall, tools: Tool[]) =>
  tools.find(({ name }) => name === call.name)?.returnDirect === true;

/** Runs one tool. Its failure is told to the model, which may find another way. */
export async function callTool(
  call: ToolCall,
  tools: Tool[],
  context: ChatNodeRun,
): Promise<Called> {
  const tool = tools.find(({ name }) => name === call.name);
  if (!tool) return { text: `There is no tool named ${call.name}` };
  if (call.args.__raw !== undefined)
    return { text: `The arguments of ${call.name} are not a JSON object; send them again` };
  const { args, problem } = fitArguments(tool.schema, call.args);
  if (problem !== undefined)
    return { text: `The arguments of ${call.name} do not fit: ${problem}; send them again` };
  try {
    const run = () => tool.call(args, context.asNodeRun());
    return shown(call, await tracedTool(context.services, tool.name, run));
  } catch (error) {
    if (context.services.signal.aborted) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const used = { tool: call.name, toolInput: call.args, toolOutput: "", error: message };
    return { text: message, used };
  }
}

function shown(call: ToolCall, result: ToolResult): Called {
  const { sourceDocuments, artifacts } = result;
  const text =
    result.text.length <= maxResultLength ? result.text : result.text.slice(0, maxResultLength);
  return {
    text,
    used: { tool: call.name, toolInput: result.toolInput ?? call.args, toolOutput: text },
    ...(sourceDocuments && { sourceDocuments }),
    ...(artifacts && { artifacts }),
  };
}

/** The answer with what the tools brought. */
export function resultOf(text: string, found: Called[]): ChatResult {
  const usedTools = found.flatMap(({ used }) => (used ? [used] : []));
  const sourceDocuments = found.flatMap((one) => one.sourceDocuments ?? []);
  const artifacts = found.flatMap((one) => one.artifacts ?? []);
  return {
    text: withoutThinking(text),
    ...(usedTools.length > 0 && { usedTools }),
    ...(sourceDocuments.length > 0 && { sourceDocuments }),
    ...(artifacts.length > 0 && { artifacts }),
  };
}

/** Some models write their thoughts into the answer. */
const withoutThinking = (text: string) =>
  text.includes("<thinking>") ? text.replace(/<thinking>[\s\S]*?<\/thinking>\s*/, "") : text;
