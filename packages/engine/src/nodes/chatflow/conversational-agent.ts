import JSON5 from "json5";
import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { memory, model, optional, several, tool } from "../../chatflow/chat-parts.ts";
import { ownPrompt } from "../../chatflow/prompt.ts";
import { runTextAgent, type TextFormat, toolLines } from "../../chatflow/text-agent.ts";
import { number, text } from "../../input.ts";

const format: TextFormat = {
  instructions: (tools) => `You can use these tools:
${toolLines(tools)}

Always answer with one JSON object in a code block, and nothing else. To use a tool:
\`\`\`json
{"action": "name of the tool", "action_input": "what the tool takes"}
\`\`\`
To answer the user:
\`\`\`json
{"action": "Final Answer", "action_input": "your answer"}
\`\`\``,
  read(text) {
    const source = /```(?:json)?\s*([\s\S]*?)```/.exec(text)?.[1] ?? /\{[\s\S]*\}/.exec(text)?.[0];
    const step = Step.safeParse(source === undefined ? undefined : parsed(source));
    if (!step.success) return undefined;
    const { action, action_input: input } = step.data;
    if (action !== "Final Answer") return { tool: action, input };
    return { answer: typeof input === "string" ? input : JSON.stringify(input) };
  },
  observation: (text) =>
    `The tool answered:\n${text}\n\nGo on in the same form: one JSON object in a code block.`,
};

const Step = z.object({ action: z.string(), action_input: z.unknown().optional() });

function parsed(source: string): unknown {
  try {
    return JSON5.parse(source);
  } catch {
    return undefined;
  }
}

/** Talks with the user and uses tools, over a model that need not know tool calls. */
export const conversationalAgent = defineChatNode({
  name: "conversationalAgent",
  inputs: z.object({
    model,
    tools: several(tool),
    memory: optional(memory),
    systemMessage: text,
    maxIterations: number,
  }),
  async run({ model, tools, memory, systemMessage, maxIterations }, context) {
    const [system, asked] = ownPrompt(systemMessage, context.question);
    const messages = [system!, ...((await memory?.messages(model)) ?? []), asked!];
    return runTextAgent({ model, messages, tools, maxIterations }, format, context);
  },
});
