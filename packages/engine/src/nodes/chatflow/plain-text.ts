import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { loaded, loaderInputs } from "../../chatflow/loader-inputs.ts";
import { text } from "../../input.ts";

/** A text that stands in the flow itself. */
export const plainText = defineChatNode({
  name: "plainText",
  inputs: z.object({ text, ...loaderInputs }),
  init: (inputs, context) => loaded([{ pageContent: inputs.text, metadata: {} }], inputs, context),
});
