import { z } from "zod";
import { flag, text } from "../input.ts";
import type { JsonSchema } from "../model.ts";
import type { NodeRun } from "../node.ts";
import { defineTool } from "../tool.ts";
import { toolResult } from "./tool-result.ts";

const Inputs = z.object({
  selectedTool: text,
  returnDirect: flag,
  customToolName: text,
  customToolDesc: text,
  customToolSchema: text,
  customToolFunc: text,
});
const Row = z.object({
  property: z.string().min(1),
  type: text,
  description: text,
  required: flag,
});
type Row = z.infer<typeof Row>;

/** A tool an author wrote, from the list of tools; hidden inputs of the node may replace its parts. */
export const customTool = defineTool({
  name: "customTool",
  async create(given, context) {
    const inputs = Inputs.parse(given);
    if (!inputs.selectedTool) throw new Error("Custom Tool: no tool is selected");
    const stored = await context.services.tool(inputs.selectedTool);
    const rows = rowsOf(inputs.customToolSchema || stored.schema);
    const code = inputs.customToolFunc || stored.code;
    return [
      {
        name: inputs.customToolName || stored.name,
        description: inputs.customToolDesc || stored.description,
        schema: schemaOf(rows),
        component: { label: "Custom Tool", name: "customTool" },
        returnDirect: inputs.returnDirect,
        async call(args, run) {
          return toolResult(await runCode(code, argumentGlobals(rows, args), run));
        },
      },
    ];
  },
});

function rowsOf(schema: string | unknown[]): Row[] {
  if (typeof schema !== "string") return z.array(Row).parse(schema);
  try {
    return z.array(Row).parse(JSON.parse(schema));
  } catch (cause) {
    throw new Error("Custom Tool: customToolSchema is not a JSON list of properties", { cause });
  }
}

function schemaOf(rows: Row[]): JsonSchema {
  const required = rows.filter((row) => row.required).map((row) => row.property);
  return {
    type: "object",
    properties: Object.fromEntries(
      rows.map(({ property, type, description }) => [property, { ...typeOf(type), description }]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function typeOf(type: string): JsonSchema {
  if (type === "number" || type === "boolean") return { type };
  return type === "date" ? { type: "string", format: "date-time" } : { type: "string" };
}

// Only arguments that were given: authors test for the others with typeof.
const argumentGlobals = (rows: Row[], args: Record<string, unknown>) =>
  Object.fromEntries(
    rows
      .filter(({ property }) => args[property] !== undefined)
      .map(({ property }) => [`$${property}`, args[property]]),
  );

/** Runs a tool's code with what Flowise gives it: `$flow`, `$vars` and its own globals. */
export async function runCode(
  code: string,
  globals: Record<string, unknown>,
  { flow, input, rawInputs, run, scope, services, variables }: NodeRun,
): Promise<unknown> {
  return services.code.run({
    code,
    globals: {
      ...globals,
      $vars: {
        ...(code.includes("$vars") ? await variables() : {}),
        ...(rawInputs.vars as object | undefined),
      },
      $flow: { ...flow, input: input ?? "", state: run.state },
    },
    scope,
    signal: services.signal,
  });
}
