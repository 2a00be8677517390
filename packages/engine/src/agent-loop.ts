import { toChatMessage } from "./conversation.ts";
import type { HistoryMessage, UsedTool } from "./event.ts";
import { assistantRecord } from "./langchain-record.ts";
import type { ChatModel, ModelAnswer, ToolCall } from "./model.ts";
import { ask } from "./model-node.ts";
import type { NodeRun } from "./node.ts";
import type { Tool, ToolResult } from "./tool.ts";
import { fitArguments } from "./tools/fit-arguments.ts";

// A model that calls tools for ever is a bug in a flow; no sane one needs so many rounds.
const maxRounds = 100;
const maxResultBytes = 1_000_000;

export interface AgentAnswer {
  answer: ModelAnswer & { reasoningS: number | undefined };
  content: string;
  usedTools: UsedTool[];
  sourceDocuments: unknown[];
  artifacts: unknown[];
  /** Tokens of each call of the model, in order. */
  totals: number[];
}

/**
 * Asks the model, runs the tools it calls, one after another, and asks again until it answers in words.
 * Appends what was said to `messages`.
 */
export async function runAgentLoop(
  model: ChatModel,
  messages: HistoryMessage[],
  tools: Tool[],
  context: NodeRun,
  streams: boolean,
): Promise<AgentAnswer> {
  const found = {
    usedTools: [] as UsedTool[],
    sourceDocuments: [] as unknown[],
    artifacts: [] as unknown[],
  };
  const totals: number[] = [];
  const definitions = tools.map(({ name, description, schema }) => ({ name, description, schema }));
  const sent = messages.map(toChatMessage);
  const add = (message: HistoryMessage, metadata?: Record<string, unknown>) => {
    messages.push(message);
    sent.push({ ...toChatMessage(message), ...(metadata && { metadata }) });
  };
  for (let round = 0; round < maxRounds; round++) {
    const request = {
      messages: sent,
      ...(definitions.length > 0 && { tools: definitions }),
    };
    const answer = await ask(model, request, context, streams);
    totals.push(answer.usage?.total_tokens ?? 0);
    const calls = answer.toolCalls.filter((call) => call.id);
    if (calls.length === 0) return { answer, content: answer.text, ...found, totals };
    announce(calls, context);
    add(assistantRecord(model, answer, calls), answer.metadata);
    for (const call of calls) {
      if (context.services.signal.aborted) throw new Error("Aborted");
      const result = await callTool(call, tools, context, found);
      const content = bounded(result.text);
      add({
        role: "tool",
        content,
        tool_call_id: call.id,
        name: call.name,
        additional_kwargs: {},
      });
      const direct =
        calls.length === 1 && tools.find((tool) => tool.name === call.name)?.returnDirect;
      if (direct) return { answer, content, ...found, totals };
    }
  }
  throw new Error(`The agent called tools in ${maxRounds} rounds without an answer`);
}

function announce(calls: ToolCall[], { emit, nodeId }: NodeRun): void {
  const called = calls.map(({ name, args }) => ({ tool: name, toolInput: args, toolOutput: "" }));
  emit({ type: "tool.called", nodeId, calls: called });
}

async function callTool(
  call: ToolCall,
  tools: Tool[],
  context: NodeRun,
  found: { usedTools: UsedTool[]; sourceDocuments: unknown[]; artifacts: unknown[] },
): Promise<ToolResult> {
  const tool = tools.find((candidate) => candidate.name === call.name);
  // Providers refuse a conversation in which a call has no answer: an unknown name gets one, too.
  if (!tool) return { text: `There is no tool named ${call.name}` };
  if (call.args.__raw !== undefined)
    return { text: `The arguments of ${call.name} are not a JSON object; send them again` };
  const { args, problem } = fitArguments(tool.schema, call.args);
  if (problem !== undefined)
    return { text: `The arguments of ${call.name} do not fit: ${problem}; send them again` };
  try {
    const result = await tool.call(args, context);
    found.usedTools.push({
      tool: call.name,
      toolInput: result.toolInput ?? call.args,
      toolOutput: bounded(result.text),
      ...(result.sourceDocuments && { sourceDocuments: result.sourceDocuments }),
      ...(result.artifacts && { artifacts: result.artifacts }),
    });
    found.sourceDocuments.push(...(result.sourceDocuments ?? []));
    found.artifacts.push(...(result.artifacts ?? []));
    return result;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const failed = { tool: call.name, toolInput: call.args, toolOutput: "", error: message };
    context.emit({
      type: "tool.used",
      nodeId: context.nodeId,
      tools: [...found.usedTools, failed],
    });
    throw new Error(message, { cause: error });
  }
}

function bounded(text: string): string {
  return text.length <= maxResultBytes
    ? text
    : `${text.slice(0, maxResultBytes)}\n[cut: the result is longer than ${maxResultBytes} characters]`;
}
