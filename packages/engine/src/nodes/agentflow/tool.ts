import { z } from "zod";
import { rows, text } from "../../input.ts";
import { defineNode, type NodeRun } from "../../node.ts";
import { tracedTool } from "../../run-trace.ts";
import type { Tool, ToolResult } from "../../tool.ts";
import { buildTools } from "../../tools/build-tools.ts";
import { fitArguments } from "../../tools/fit-arguments.ts";

const inputs = z.object({
  toolAgentflowSelectedTool: text,
  toolAgentflowSelectedToolConfig: z.unknown().optional(),
  // As older exports name them.
  selectedTool: text,
  selectedToolConfig: z.unknown().optional(),
  toolInputArgs: rows(z.looseObject({ inputArgName: text, inputArgValue: z.unknown().optional() })),
});

/** Calls one tool with arguments the author wrote; every tool of a toolkit gets the same ones. */
export const tool = defineNode({
  name: "toolAgentflow",
  updateState: "toolUpdateState",
  embeds: { tools: ["toolAgentflowSelectedTool", "selectedTool"] },
  inputs,
  async run(given, context) {
    const { toolInputArgs } = given;
    const selectedTool = given.selectedTool || given.toolAgentflowSelectedTool;
    if (!selectedTool) throw new Error("Tool not selected");
    const config = given.selectedToolConfig || given.toolAgentflowSelectedToolConfig;
    const { tools } = await buildTools(selectedTool, config, context);
    const args = Object.fromEntries(
      toolInputArgs.map((row) => [row.inputArgName, argumentOf(row.inputArgValue)]),
    );
    const results = await Promise.all(tools.map((each) => call(each, args, context))).catch(
      (error: unknown) => {
        throw new Error(`Error: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      },
    );
    const content = results.map((result) => result.text).join("\n");
    if (context.isLast) context.emit({ type: "text.delta", nodeId: context.nodeId, text: content });
    const artifacts = results.flatMap((result) => result.artifacts ?? []);
    const reported = results.find((result) => result.toolInput !== undefined)?.toolInput;
    return {
      input: { toolInputArgs: reported ?? toolInputArgs, selectedTool },
      output: { content, ...(artifacts.length > 0 && { artifacts }) },
    };
  },
});

async function call(
  each: Tool,
  given: Record<string, unknown>,
  context: NodeRun,
): Promise<ToolResult> {
  const { args, problem } = fitArguments(each.schema, given);
  if (problem !== undefined)
    throw new Error(`Received tool input did not match expected schema: ${problem}`);
  return tracedTool(context.services, each.name, () => each.call(args, context));
}

/** Rich text escapes brackets and quotes; a text that is a JSON array or object stands for it. */
function argumentOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const text = value.replace(/\\(["[\]{}\\])/g, "$1");
  if (!/^(\[.*\]|\{.*\})$/s.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
