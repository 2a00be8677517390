import { z } from "zod";
import { rows, text } from "../../input.ts";
import { defineNode } from "../../node.ts";

/** Runs the author's JavaScript; what it returns is the node's content. */
export const customFunction = defineNode({
  name: "customFunctionAgentflow",
  updateState: "customFunctionUpdateState",
  inputs: z.object({
    customFunctionInputVariables: rows(
      z.object({ variableName: text, variableValue: z.unknown().optional() }),
    ),
    customFunctionJavascriptFunction: text,
  }),
  async run(
    inputs,
    { emit, flow, input, isLast, nodeId, rawInputs, run, scope, services, variables },
  ) {
    const code = inputs.customFunctionJavascriptFunction;
    const given = inputs.customFunctionInputVariables;
    const globals: Record<string, unknown> = {
      $input: input ?? "",
      $vars: {
        ...(code.includes("$vars") ? await variables() : {}),
        ...(rawInputs.vars as object),
      },
      $flow: { ...flow, input: input ?? "", state: run.state },
    };
    for (const { variableName, variableValue } of given)
      globals[`$${variableName}`] = variableValue;
    const value = await services.code
      .run({ code, globals, scope, signal: services.signal })
      .catch((error: unknown) => {
        throw new Error(`Error: ${error instanceof Error ? error.message : String(error)}`);
      });
    // Numbers and booleans stay what they are: state and conditions go by it.
    const content =
      typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : (value ?? "");
    if (isLast) emit({ type: "text.delta", nodeId, text: String(content) });
    return { input: { inputVariables: given, code }, output: { content } };
  },
});
