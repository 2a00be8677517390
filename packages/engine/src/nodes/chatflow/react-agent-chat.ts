import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { memory, model, optional, several, tool } from "../../chatflow/chat-parts.ts";
import { ownPrompt } from "../../chatflow/prompt.ts";
import { runTextAgent, type TextFormat, toolLines } from "../../chatflow/text-agent.ts";
import { number } from "../../input.ts";

const format: TextFormat = {
  instructions: (tools) => `You can use these tools:
${toolLines(tools)}

To use a tool, write these lines and stop:
Thought: why a tool is needed
Action: the name of one tool
Action Input: what the tool takes

You are then told its result as an Observation. When you know the answer, or need no tool, write:
Thought: no tool is needed
Final Answer: your answer`,
  read(text) {
    const answer = /Final Answer:([\s\S]*)/.exec(text)?.[1];
    if (answer !== undefined) return { answer: answer.trim() };
    const call = /Action:[ \t]*(.+?)[ \t]*\n+\s*Action Input:([\s\S]*)/.exec(text);
    return call ? { tool: call[1]!, input: unquoted(call[2]!.trim()) } : undefined;
  },
  observation: (text) => `Observation: ${text}`,
};

const unquoted = (text: string) => /^"([\s\S]*)"$/.exec(text)?.[1] ?? text;

/** Thinks, acts and observes in text, over a model that need not know tool calls. */
export const reactAgentChat = defineChatNode({
  name: "reactAgentChat",
  inputs: z.object({
    model,
    tools: several(tool),
    memory: optional(memory),
    maxIterations: number,
  }),
  async run({ model, tools, memory, maxIterations }, context) {
    const [system, asked] = ownPrompt("You are a helpful assistant.", context.question);
    const messages = [system!, ...((await memory?.messages(model)) ?? []), asked!];
    const { text } = await runTextAgent({ model, messages, tools, maxIterations }, format, context);
    return { text };
  },
});
