import { z } from "zod";
import { callRecord, type Talk } from "../../agent-approval.ts";
import { type AgentAnswer, runAgentLoop } from "../../agent-loop.ts";
import { type Conversation, conversationOf, MessageRows, spoken } from "../../conversation.ts";
import { flag, number, rows, text } from "../../input.ts";
import type { ChatModel, Usage } from "../../model.ts";
import { emitExtras, modelOf, recordedInputs, timed } from "../../model-node.ts";
import { addUsage } from "../../models/add-usage.ts";
import { defineNode, type NodeRun } from "../../node.ts";
import { costOf } from "../../prices.ts";
import { providerToolInputs, providerToolsOf } from "../../provider-tools.ts";
import { StructuredRows, structuredSchema } from "../../structured-output.ts";
import type { Tool } from "../../tool.ts";
import { buildTools } from "../../tools/build-tools.ts";
import { knowledgeInputs, knowledgeTools } from "../../tools/knowledge.ts";

const inputs = z.object({
  agentModel: text,
  agentMessages: MessageRows,
  agentTools: rows(z.looseObject({ agentSelectedTool: text })),
  ...knowledgeInputs,
  ...providerToolInputs,
  agentEnableMemory: flag,
  agentMemoryType: text,
  agentMemoryWindowSize: number,
  agentMemoryMaxTokenLimit: number,
  agentUserMessage: text,
  agentReturnResponseAs: text,
  agentStructuredOutput: StructuredRows,
});
type Inputs = z.infer<typeof inputs>;

/** Asks a chat model that may call tools until it answers. */
export const agent = defineNode({
  name: "agentAgentflow",
  updateState: "agentUpdateState",
  embeds: {
    models: ["agentModel"],
    tools: ["agentTools"],
    knowledge: "agentKnowledgeVSEmbeddings",
  },
  inputs,
  run: (given, context) =>
    answer(given, context).catch((error: unknown) => {
      throw new Error(`Error in Agent node: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }),
});

/** How far an agent has come: so many of the messages were there before it asked. */
interface Reached {
  talk: Talk;
  begun: number;
}

async function answer(given: Inputs, context: NodeRun) {
  const { services, nodeId, isLast, emit } = context;
  const model = await modelOf("agentModel", context);
  const { tools, guarded } = await toolsOf(given, context);
  const conversation = conversationFrom(given);
  const { resumed } = context;
  if (resumed) context.rawInputs.humanInput = resumed.humanInput;
  const earlier = context.reached as Reached | undefined;
  const messages = earlier
    ? earlier.talk.messages.slice(0, earlier.begun)
    : resumed
      ? []
      : await conversationOf(conversation, model, context);
  const structured = given.agentStructuredOutput;
  const streams = isLast && structured.length === 0 && model.streaming;
  const start = services.now();
  const providerTools = providerToolsOf(given, model);
  const said = await runAgentLoop(
    {
      model,
      messages,
      tools,
      providerTools,
      guarded,
      streams,
      resumed,
      reached: earlier?.talk,
      onRound: (talk) => context.reach({ talk, begun: messages.length } satisfies Reached),
    },
    context,
  );
  const { pending } = said;
  const object =
    structured.length > 0 && !pending
      ? await convert(said.content, structured, model, context)
      : undefined;
  const content = object ? `\`\`\`json\n${JSON.stringify(object, null, 2)}\n\`\`\`` : said.content;
  const timeMetadata = timed(start, services.now());
  const usage = usageOf(said, model, context.fixes);
  if (isLast) {
    if (!streams || pending) emit({ type: "text.delta", nodeId, text: content });
    emitExtras(context, {
      usedTools: said.usedTools,
      sourceDocuments: said.sourceDocuments,
      artifacts: said.artifacts,
      files: said.fileAnnotations,
      calls: pending?.calls ?? [],
      usage: said.answer.usage,
    });
  }
  const history = spoken(
    conversation,
    { content, returnAs: given.agentReturnResponseAs, sent: messages },
    context,
  );
  if (said.usedTools.length > 0) history.at(-1)!.additional_kwargs = { usedTools: said.usedTools };
  return {
    input: recordedInputs(said.messages, context.rawInputs, "agentMessages"),
    output: { content, timeMetadata, ...outputOf(said, tools, usage), ...object },
    chatHistory: history,
    ...(pending && { pause: { keep: pending } }),
  };
}

function outputOf(
  said: AgentAnswer,
  tools: Tool[],
  usage: object | undefined,
): Record<string, unknown> {
  const { answer, usedTools, sourceDocuments, artifacts, fileAnnotations, pending } = said;
  return {
    calledTools: (pending?.calls ?? []).map(callRecord),
    ...(pending && { isWaitingForHumanInput: true }),
    ...(usage && { usageMetadata: usage }),
    responseMetadata: answer.metadata,
    ...(usedTools.length > 0 && { usedTools }),
    ...(sourceDocuments.length > 0 && { sourceDocuments }),
    ...(artifacts.length > 0 && { artifacts }),
    ...(fileAnnotations.length > 0 && { fileAnnotations }),
    ...(answer.reasoning && {
      reasonContent: { thinking: answer.reasoning, thinkingDuration: answer.reasoningS ?? 0 },
    }),
    availableTools: tools.map(({ name, description, schema, component }) => ({
      name,
      description,
      schema,
      toolNode: component,
    })),
  };
}

function usageOf(said: AgentAnswer, model: ChatModel, fixes: NodeRun["fixes"]) {
  const last = said.answer.usage;
  if (!last) return undefined;
  return fixes?.has("toolTokens") ? countedOnce(said.usages, model) : asFlowise(said, last, model);
}

/** All calls together; what was used before the last one counts as spent on tools. */
function countedOnce(usages: Usage[], model: ChatModel) {
  const all = usages.reduce(addUsage);
  return {
    ...all,
    tool_call_tokens: all.total_tokens - (usages.at(-1)?.total_tokens ?? 0),
    ...costOf(model.component, model.modelName, all),
  };
}

/** Flowise's sums: calls between the first and the last count twice, and tool tokens are priced as output. */
function asFlowise({ usages }: AgentAnswer, last: Usage, model: ChatModel) {
  const totals = usages.map(({ total_tokens }) => total_tokens);
  const middle = totals.slice(1, -1);
  const toolTokens = totals.length > 1 ? [...totals, ...middle].reduce((a, b) => a + b) : 0;
  const priced = { ...last, output_tokens: last.output_tokens + toolTokens };
  return {
    ...last,
    total_tokens: last.total_tokens + toolTokens,
    tool_call_tokens: toolTokens,
    ...costOf(model.component, model.modelName, priced),
  };
}

async function toolsOf(given: Inputs, context: NodeRun) {
  const tools: Tool[] = [];
  const guarded = new Set<string>();
  const shownRows: unknown[] = [];
  let shown: string[] | undefined;
  for (const row of given.agentTools) {
    const { agentSelectedTool: name, agentSelectedToolConfig: saved } = row;
    if (!name) continue;
    const { tools: built, config, resolved } = await buildTools(name, saved, context);
    // In Flowise's records the first row's component decides which inputs of all rows stand resolved.
    shown ??= resolved;
    const looked = shown.filter((input) => input in config).map((input) => [input, config[input]]);
    tools.push(...built);
    // Nobody can be asked in the body of an iteration.
    if (flag.parse(row.agentSelectedToolRequiresHumanInput) && !context.iteration)
      for (const tool of built) guarded.add(tool.name);
    shownRows.push({
      ...row,
      agentSelectedToolConfig: { ...(saved as object), ...Object.fromEntries(looked) },
    });
  }
  if (shownRows.length > 0) context.rawInputs.agentTools = shownRows;
  tools.push(...(await knowledgeTools(given, context)));
  return { tools, guarded };
}

/** A second call that turns the answer into the asked shape. */
async function convert(
  content: string,
  fields: z.infer<typeof StructuredRows>,
  model: ChatModel,
  { services }: NodeRun,
): Promise<Record<string, unknown>> {
  const request = `Put the text below into the structure of the tool you are given. Use only what the text says.\n\n${content}`;
  const { structured } = await model.generate({
    messages: [{ role: "user", content: request }],
    schema: { name: "extract", schema: structuredSchema(fields) },
    signal: services.signal,
  });
  return structured ?? {};
}

const conversationFrom = (given: Inputs): Conversation => ({
  configured: given.agentMessages,
  memory: given.agentEnableMemory
    ? {
        type: given.agentMemoryType,
        window: given.agentMemoryWindowSize,
        maxTokens: given.agentMemoryMaxTokenLimit ?? 2000,
      }
    : undefined,
  userMessage: given.agentUserMessage,
});
