import { z } from "zod";
import { toChatMessage } from "../../conversation.ts";
import type { HistoryMessage } from "../../event.ts";
import { flag, text } from "../../input.ts";
import { ask, modelOf } from "../../model-node.ts";
import { defineNode, type NodeRun, type Resumed } from "../../node.ts";

const inputs = z.object({
  humanInputDescriptionType: text,
  humanInputDescription: text,
  humanInputModelPrompt: text,
  humanInputEnableFeedback: flag,
});
type Inputs = z.infer<typeof inputs>;

const defaultPrompt = `Somebody has to approve what was done so far before it goes on. Sum up the conversation above for them in a few lines: what was asked, what was found or drafted, and what would happen next. Close by asking whether to proceed, and whether anything should be changed.`;

/** Stops the run until a human says proceed or reject, which are its two outputs. */
export const humanInput = defineNode({
  name: "humanInputAgentflow",
  decides: true,
  embeds: { models: ["humanInputModel"] },
  inputs,
  async run(given, context) {
    const messages = [...(await context.past()), ...context.run.history];
    return context.resumed ? answered(context.resumed, messages) : asked(given, messages, context);
  },
});

function answered({ humanInput: answer }: Resumed, messages: HistoryMessage[]) {
  const { type, feedback } = answer;
  const said: HistoryMessage = { role: "user", content: feedback ?? type };
  const conditions = ["proceed", "reject"].map((output) => ({
    ...answer,
    type: output,
    isFulfilled: output === type,
  }));
  return {
    input: { ...answer, messages: [...messages, said] },
    output: { content: feedback ?? type, conditions },
    ...(feedback && { chatHistory: [said] }),
  };
}

async function asked(given: Inputs, messages: HistoryMessage[], context: NodeRun) {
  const description =
    given.humanInputDescriptionType === "dynamic"
      ? await composed(given, messages, context)
      : fixed(given, messages, context);
  const input = { messages, humanInputEnableFeedback: given.humanInputEnableFeedback };
  return {
    input,
    output: { content: description },
    chatHistory: [{ role: "assistant", content: description }],
    pause: {},
  };
}

function fixed(given: Inputs, messages: HistoryMessage[], { emit, nodeId }: NodeRun): string {
  const last = messages.at(-1)?.content;
  const question = given.humanInputDescription || "Do you want to proceed?";
  const text = typeof last === "string" && last !== "" ? `${last}\n\n${question}` : question;
  emit({ type: "text.delta", nodeId, text });
  return text;
}

async function composed(given: Inputs, messages: HistoryMessage[], context: NodeRun) {
  const model = await modelOf("humanInputModel", context);
  const content = given.humanInputModelPrompt || defaultPrompt;
  const request = { messages: [...messages, { role: "user", content }].map(toChatMessage) };
  const { text } = await ask(model, request, context, model.streaming);
  if (!model.streaming) context.emit({ type: "text.delta", nodeId: context.nodeId, text });
  return text;
}
