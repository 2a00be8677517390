import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import type { Branch } from "../../chatflow/initialise.ts";
import { FunctionVariables, runFunction } from "../../chatflow/run-code.ts";
import { text } from "../../input.ts";

/** Goes one way where the first function returns something, the other way with what the second returns. */
export const ifElseFunction = defineChatNode({
  name: "ifElseFunction",
  inputs: z.object({
    functionInputVariables: FunctionVariables,
    ifFunction: text,
    elseFunction: text,
  }),
  async init({ functionInputVariables: given, ...code }, context): Promise<Branch> {
    const value = await runFunction(code.ifFunction, given, context);
    if (value) return { kind: "branch", taken: "returnTrue", value };
    const other = await runFunction(code.elseFunction, given, context);
    return { kind: "branch", taken: "returnFalse", value: other };
  },
});
