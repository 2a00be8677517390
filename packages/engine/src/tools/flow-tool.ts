import { z } from "zod";
import { flag, text } from "../input.ts";
import type { NodeRun } from "../node.ts";
import { runSubflow } from "../subflow.ts";
import type { Tool } from "../tool.ts";

const Inputs = z.object({
  name: text,
  description: text,
  returnDirect: flag,
  overrideConfig: z.unknown().optional(),
  startNewSession: flag,
  useQuestionFromChat: flag,
  customInput: text,
});

/** Another flow as a tool with one argument. It runs in the run that calls it and shares its stop. */
export function flowTool(
  component: Tool["component"],
  flowId: string,
  inputs: Record<string, unknown>,
): Tool[] {
  const settings = Inputs.parse(inputs);
  if (!flowId) throw new Error(`${component.label}: choose a flow`);
  return [
    {
      name: toolName(settings.name || component.name),
      description: settings.description || `Asks the flow ${settings.name || flowId}`,
      schema: {
        type: "object",
        properties: { input: { type: "string", description: "input question" } },
        required: ["input"],
      },
      component,
      returnDirect: settings.returnDirect,
      async call({ input }, context) {
        return {
          text: await answerOf(flowId, questionOf(settings, input, context), settings, context),
        };
      },
    },
  ];
}

const toolName = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[^\w-]+/g, "_")
    .slice(0, 64);

/** A fixed text, or the chat's own question, goes before what the model sends. */
function questionOf(
  settings: z.infer<typeof Inputs>,
  input: unknown,
  { request }: NodeRun,
): string {
  if (settings.customInput) return settings.customInput;
  return settings.useQuestionFromChat ? (request.question ?? "") : String(input ?? "");
}

async function answerOf(
  flowId: string,
  question: string,
  settings: z.infer<typeof Inputs>,
  context: NodeRun,
): Promise<string> {
  const override = overrideOf(settings.overrideConfig);
  const sessionId = settings.startNewSession ? context.services.newId() : context.request.sessionId;
  const outcome = await runSubflow(
    flowId,
    { question, overrideConfig: { sessionId, ...override } },
    context,
  );
  // The model may do something about a failure it is told of.
  return outcome.error === undefined ? outcome.text : `The flow failed: ${outcome.error}`;
}

function overrideOf(value: unknown): Record<string, unknown> {
  const parsed = typeof value === "string" && value !== "" ? JSON.parse(value) : value;
  return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
}
