import { attemptText, decided, type PendingTalk, type Talk } from "./agent-approval.ts";
import { type AgentFinds, openTalk } from "./agent-talk.ts";
import type { HistoryMessage } from "./event.ts";
import { assistantRecord } from "./langchain-record.ts";
import type { ChatModel, ModelAnswer, ToolCall, Usage } from "./model.ts";
import { ask, calledTool } from "./model-node.ts";
import type { NodeRun, Resumed } from "./node.ts";
import { keepProviderFinds } from "./provider-finds.ts";
import { tracedTool } from "./run-trace.ts";
import type { Tool, ToolResult } from "./tool.ts";
import { fitArguments } from "./tools/fit-arguments.ts";

// A model that calls tools for ever is a bug in a flow; no sane one needs so many rounds.
const maxRounds = 100;
const maxResultBytes = 1_000_000;

export interface AgentAnswer extends AgentFinds {
  answer: ModelAnswer & { reasoningS?: number | undefined };
  content: string;
  /** Of each call of the model, in order. */
  usages: Usage[];
  /** All that was said, tool rounds included. */
  messages: HistoryMessage[];
  /** Set when a human has to agree before the tools are called. */
  pending?: PendingTalk;
}

export interface AgentTask {
  model: ChatModel;
  messages: HistoryMessage[];
  tools: Tool[];
  /** Tools that the model's provider runs itself, as its wire has them. */
  providerTools?: Record<string, unknown>[];
  streams: boolean;
  /** Names of tools that are called only when a human agrees. */
  guarded: ReadonlySet<string>;
  /** A talk that went on hold for a human, with the answer. */
  resumed: Resumed | undefined;
  /** The talk after the last round of tools of an earlier attempt. */
  reached: Talk | undefined;
  /** Told of the talk after every round of tools. */
  onRound(talk: Talk): void;
}

/**
 * Asks the model, runs the tools it calls, one after another, and asks again until it answers in words. Goes on after
 * the last round of tools that an earlier attempt finished.
 */
export async function runAgentLoop(task: AgentTask, context: NodeRun): Promise<AgentAnswer> {
  const { model, guarded, reached, providerTools = [] } = task;
  const decision = task.resumed && decided(task.resumed);
  const talk = openTalk(reached ?? decision?.talk, task.messages);
  const { found, usages, sent } = talk;
  const tools = task.tools.filter((tool) => !decision?.refused.includes(tool.name));
  const definitions = tools.map(({ name, description, schema }) => ({ name, description, schema }));
  const toolNamed = (name: string) => tools.find((tool) => tool.name === name);
  let approved = reached ? undefined : decision?.approved;
  let answer = decision?.talk.answer;
  for (let round = 0; round < maxRounds; round++) {
    let calls = approved;
    approved = undefined;
    if (answer && calls) announce(calls, context);
    else {
      const request = {
        messages: sent,
        ...(definitions.length > 0 && { tools: definitions }),
        ...(providerTools.length > 0 && { providerTools }),
      };
      const { images, files, providerCalls, ...said } = await ask(
        model,
        request,
        context,
        task.streams,
      );
      const made = { text: said.text, images, files, providerCalls };
      answer = { ...said, text: await keepProviderFinds(made, found, context) };
      if (answer.usage) usages.push(answer.usage);
      calls = answer.toolCalls.filter((call) => call.id);
      const result = { answer, usages, messages: talk.messages, ...found };
      if (calls.length === 0) return { ...result, content: answer.text };
      announce(calls, context);
      const asking = calls.filter(({ name }) => guarded.has(name) && toolNamed(name));
      const content = asking.length > 0 ? attemptText(answer.text, asking) : answer.text;
      talk.add({ ...assistantRecord(model, answer, calls), content }, answer.metadata);
      if (asking.length > 0)
        return { ...result, content, pending: talk.onHold(answer, calls, asking) };
    }
    for (const call of calls) {
      if (context.services.signal.aborted) throw new Error("Aborted");
      const result = await callTool(call, tools, context, found);
      const content = bounded(result.text);
      talk.add({
        role: "tool",
        content,
        tool_call_id: call.id,
        name: call.name,
        additional_kwargs: {
          ...(result.sourceDocuments && { sourceDocuments: result.sourceDocuments }),
        },
      });
      if (calls.length === 1 && toolNamed(call.name)?.returnDirect)
        return { answer, content, ...found, usages, messages: talk.messages };
    }
    task.onRound(talk.soFar());
  }
  throw new Error(`The agent called tools in ${maxRounds} rounds without an answer`);
}

function announce(calls: ToolCall[], { emit, nodeId }: NodeRun): void {
  emit({ type: "tool.called", nodeId, calls: calls.map(calledTool) });
}

async function callTool(
  call: ToolCall,
  tools: Tool[],
  context: NodeRun,
  found: AgentFinds,
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
    const { services } = context;
    const result = await tracedTool(services, tool.name, () => tool.call(args, context));
    found.usedTools.push({
      tool: call.name,
      toolInput: result.toolInput ?? call.args,
      toolOutput: bounded(result.text),
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
