import { Parser } from "expr-eval-fork";
import { defineTool } from "../tool.ts";

const parser = new Parser();

/** Evaluates an arithmetic expression. */
export const calculator = defineTool({
  name: "calculator",
  create: () => [
    {
      name: "calculator",
      description:
        "Useful for getting the result of a math expression. The input to this tool should be a valid mathematical expression that could be executed by a simple calculator.",
      schema: { type: "object", properties: { input: { type: "string" } } },
      component: { label: "Calculator", name: "calculator" },
      async call({ input }) {
        return { text: evaluate(String(input ?? "")) };
      },
    },
  ],
});

function evaluate(expression: string): string {
  try {
    return String(parser.evaluate(expression));
  } catch {
    return "I don't know how to do that.";
  }
}
