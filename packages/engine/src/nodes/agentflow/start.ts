import { z } from "zod";
import { flag, rows, text } from "../../input.ts";
import { defineNode, type NodeRun } from "../../node.ts";
import { parseFormLines } from "../../request.ts";

const inputs = z.object({
  startInputType: text,
  formTitle: text,
  formDescription: text,
  formInputTypes: z.unknown().optional(),
  startEphemeralMemory: flag,
  startPersistState: flag,
  startState: rows(z.object({ key: text, value: z.unknown().optional() })),
});

/** Takes the request in: question or form, and the state that the run begins with. */
export const start = defineNode({
  name: "startAgentflow",
  inputs,
  async run(settings, context) {
    const { request, run } = context;
    const type = settings.startInputType || "chatInput";
    const input: Record<string, unknown> = {};
    const output: Record<string, unknown> = {};
    if (settings.startEphemeralMemory) {
      run.ephemeral = true;
      output.ephemeralMemory = true;
    }
    const state = await initialState(settings, context);
    if (settings.startPersistState) output.persistState = true;
    if (type === "formInput") {
      input.form = {
        title: settings.formTitle,
        description: settings.formDescription,
        inputs: settings.formInputTypes,
      };
      run.form = request.form ?? (await previousForm(settings.formInputTypes, context));
      output.form = context.input ?? (run.form && undefined);
    } else {
      if (type === "webhookTrigger" && request.webhook) {
        input.webhook = request.webhook;
        output.webhook = request.webhook;
      }
      const said = type === "webhookTrigger" ? request.question : context.input;
      if (said) {
        input.question = said;
        output.question = said;
      }
    }
    return { input, output, state };
  },
});

async function initialState(
  { startState, startPersistState }: z.infer<typeof inputs>,
  { request, services }: NodeRun,
): Promise<Record<string, unknown>> {
  const state = Object.fromEntries(startState.map(({ key, value }) => [key, value ?? ""]));
  if (!startPersistState || request.newConversation) return state;
  const previous = await services.previousExecution(request.sessionId);
  const last = previous?.records.findLast((record) => record.data.state)?.data.state;
  return { ...state, ...last };
}

/** A form is remembered for its session: a later question may do without. */
async function previousForm(fields: unknown, { request, services }: NodeRun) {
  if (request.newConversation) return undefined;
  const previous = await services.previousExecution(request.sessionId);
  const form = previous?.records.find((record) => record.data.name === "startAgentflow")?.data
    .output?.form;
  if (typeof form !== "string") return undefined;
  const names = (Array.isArray(fields) ? fields : []).map((field) => String(field?.name ?? ""));
  return parseFormLines(form, names.filter(Boolean));
}
