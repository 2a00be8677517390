import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { text } from "../../input.ts";

/** What a `setVariable` node that came before has set. */
export const getVariable = defineChatNode({
  name: "getVariable",
  inputs: z.object({ variableName: text }),
  init: ({ variableName }, { dynamic }) => dynamic[variableName],
});
