import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { flag, text } from "../../input.ts";

/** Keeps a value under a name for `getVariable` nodes, and hands it on. */
export const setVariable = defineChatNode({
  name: "setVariable",
  inputs: z.object({ input: z.unknown().optional(), variableName: text, showOutput: flag }),
  init({ input, variableName, showOutput }, { dynamic, shown }) {
    dynamic[variableName] = input;
    if (showOutput) shown[variableName] = input;
    return input;
  },
});
