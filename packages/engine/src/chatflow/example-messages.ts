import { z } from "zod";
import type { ChatMessage } from "../model.ts";
import type { ChatNodeRun } from "./chat-node.ts";

// Authors build their examples from LangChain's message classes; these stand in for them.
const classes = `
const require_ = globalThis.require;
const message = (role) => class {
  constructor(given) {
    const fields = typeof given === "string" ? { content: given } : given;
    Object.assign(this, fields, { role });
  }
};
const classes = {
  AIMessage: message("assistant"), HumanMessage: message("user"), SystemMessage: message("system"), ToolMessage: message("tool"),
};
return (async (require) => {`;
const call = `
})((name) => (name.startsWith("@langchain/core") ? classes : require_(name)));`;

const Example = z
  .object({
    role: z.enum(["system", "user", "assistant", "tool"]),
    content: z.string().default(""),
    name: z.string().optional(),
    tool_call_id: z.string().optional(),
    tool_calls: z
      .array(
        z.object({
          id: z.string().default(""),
          name: z.string(),
          args: z.record(z.string(), z.unknown()).default({}),
        }),
      )
      .optional(),
  })
  .transform(
    ({ role, content, name, tool_call_id, tool_calls }): ChatMessage => ({
      role,
      content,
      ...(name !== undefined && { name }),
      ...(tool_call_id !== undefined && { toolCallId: tool_call_id }),
      ...(tool_calls?.length && { toolCalls: tool_calls }),
    }),
  );

/** Messages that an author's code returns as examples. */
export async function exampleMessages(
  code: string,
  { flow, question, scope, services, variables }: ChatNodeRun,
): Promise<ChatMessage[]> {
  const value = await services.code.run({
    code: `${classes}\n${code}\n${call}`,
    globals: {
      $vars: code.includes("$vars") ? await variables() : {},
      $flow: { ...flow, input: question },
    },
    scope,
    signal: services.signal,
  });
  const examples = z.array(Example).safeParse(value);
  if (examples.success) return examples.data;
  throw new Error("The code of the message history returns no list of messages");
}
