import { z } from "zod";
import { text } from "../../input.ts";
import { defineNode } from "../../node.ts";

/** Sends a fixed message to the user. */
export const directReply = defineNode({
  name: "directReplyAgentflow",
  inputs: z.object({ directReplyMessage: text }),
  run({ directReplyMessage }, { emit, isLast, nodeId }) {
    if (isLast) emit({ type: "text.delta", nodeId, text: directReplyMessage });
    return { input: {}, output: { content: directReplyMessage } };
  },
});
