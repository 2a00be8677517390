import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { FunctionVariables, runFunction } from "../../chatflow/run-code.ts";
import { text } from "../../input.ts";

/** Runs the author's JavaScript; as the ending of a flow, an object that it returns is the answer's body. */
export const customFunction = defineChatNode({
  name: "customFunction",
  inputs: z.object({ functionInputVariables: FunctionVariables, javascriptFunction: text }),
  init: (inputs, context) =>
    runFunction(inputs.javascriptFunction, inputs.functionInputVariables, context),
  async run(inputs, context) {
    const { javascriptFunction: code, functionInputVariables: given } = inputs;
    const value = await runFunction(code, given, context);
    return typeof value === "object" && value !== null
      ? { ...value }
      : { text: value === undefined || value === null ? "" : String(value) };
  },
});
