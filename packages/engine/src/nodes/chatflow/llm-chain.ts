import { z } from "zod";
import { askModel, withImages } from "../../chatflow/ask-model.ts";
import { type ChatNodeRun, type ChatResult, defineChatNode } from "../../chatflow/chat-node.ts";
import {
  type Chain,
  model,
  moderation,
  optional,
  parser,
  prompt,
  Refusal,
  several,
} from "../../chatflow/chat-parts.ts";
import { checkModerations } from "../../chatflow/moderate.ts";
import { parseAnswer, withInstructions } from "../../chatflow/parse-answer.ts";
import { fillPrompt, valuesFor } from "../../chatflow/prompt.ts";
import { text } from "../../input.ts";

const inputs = z.object({
  model,
  prompt,
  outputParser: optional(parser),
  inputModeration: several(moderation),
  chainName: text,
});
type Inputs = z.infer<typeof inputs>;

/** Asks a model with a prompt. Its answer ends the flow, or goes into what stands behind it. */
export const llmChain = defineChatNode({
  name: "llmChain",
  inputs,
  init: (given, context) =>
    context.output === "outputPrediction" ? predict(given, context) : chainOf(given, context),
  run: (given, context) => ask(given, context.question, context),
});

async function ask(
  { model, prompt, outputParser }: Inputs,
  question: string,
  context: ChatNodeRun,
): Promise<ChatResult> {
  const values = valuesFor(prompt, question);
  const filled = withInstructions(fillPrompt(prompt.messages, values), outputParser);
  const messages = withImages(filled, model, context);
  const { text } = await askModel(model, { messages }, context);
  return outputParser ? { json: await parseAnswer(outputParser, text, model, context) } : { text };
}

/** The answer itself: a text, or what the parser made of it. */
async function predict(given: Inputs, context: ChatNodeRun): Promise<unknown> {
  try {
    await checkModerations(given.inputModeration, context.question);
    const { json, text } = await ask(given, context.question, context);
    return json ?? text;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const chainOf = (given: Inputs, context: ChatNodeRun): Chain => ({
  kind: "chain",
  name: given.chainName,
  description: "",
  async ask(question) {
    const { json, text } = await ask(given, question, context);
    return json === undefined ? String(text) : JSON.stringify(json);
  },
});
