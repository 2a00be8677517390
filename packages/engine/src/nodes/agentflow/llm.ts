import { z } from "zod";
import {
  type Conversation,
  conversationOf,
  MessageRows,
  spoken,
  toChatMessage,
} from "../../conversation.ts";
import { flag, number, text } from "../../input.ts";
import { ask, emitExtras, modelOf, priced, recordedInputs, timed } from "../../model-node.ts";
import { defineNode, type NodeRun } from "../../node.ts";
import { StructuredRows, structuredSchema } from "../../structured-output.ts";

const inputs = z.object({
  llmModel: text,
  llmMessages: MessageRows,
  llmEnableMemory: flag,
  llmMemoryType: text,
  llmMemoryWindowSize: number,
  llmMemoryMaxTokenLimit: number,
  llmUserMessage: text,
  llmReturnResponseAs: text,
  llmStructuredOutput: StructuredRows,
});
type Inputs = z.infer<typeof inputs>;

/** Asks a chat model once. */
export const llm = defineNode({
  name: "llmAgentflow",
  updateState: "llmUpdateState",
  embeds: { models: ["llmModel"] },
  inputs,
  run: (given, context) =>
    answer(given, context).catch((error: unknown) => {
      throw new Error(`Error in LLM node: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }),
});

async function answer(given: Inputs, context: NodeRun) {
  const { services, nodeId, isLast, emit } = context;
  const model = await modelOf("llmModel", context);
  const conversation = conversationFrom(given);
  const messages = await conversationOf(conversation, model, context);
  const fields = given.llmStructuredOutput;
  const streams = isLast && fields.length === 0 && model.streaming;
  const start = services.now();
  const request = {
    messages: messages.map(toChatMessage),
    ...(fields.length > 0 && { schema: { name: "extract", schema: structuredSchema(fields) } }),
  };
  const reply = await ask(model, request, context, streams);
  const structured = fields.length > 0 ? (reply.structured ?? {}) : undefined;
  const content = structured ? JSON.stringify(structured, null, 2) : reply.text;
  const timeMetadata = timed(start, services.now());
  if (isLast && !streams) {
    if (reply.reasoning) emit({ type: "reasoning.delta", nodeId, text: reply.reasoning });
    if (reply.reasoning) emit({ type: "reasoning.finished", nodeId, durationS: 0 });
    emit({ type: "text.delta", nodeId, text: content });
  }
  if (streams) emitExtras(context, { usage: reply.usage });
  const usageMetadata = priced(model, reply.usage);
  return {
    input: recordedInputs(messages, context.rawInputs, "llmMessages"),
    output: {
      content,
      timeMetadata,
      ...(structured ?? {
        calledTools: [],
        ...(usageMetadata && { usageMetadata }),
        responseMetadata: reply.metadata,
        ...(reply.reasoning && {
          reasonContent: { thinking: reply.reasoning, thinkingDuration: reply.reasoningS ?? 0 },
        }),
      }),
    },
    chatHistory: spoken(
      conversation,
      { content, returnAs: given.llmReturnResponseAs, sent: messages },
      context,
    ),
  };
}

const conversationFrom = (given: Inputs): Conversation => ({
  configured: given.llmMessages,
  memory: given.llmEnableMemory
    ? {
        type: given.llmMemoryType,
        window: given.llmMemoryWindowSize,
        maxTokens: given.llmMemoryMaxTokenLimit ?? 2000,
      }
    : undefined,
  userMessage: given.llmUserMessage,
});
