import { z } from "zod";
import { loadChatModel } from "../models/registry.ts";
import { tracedModel } from "../run-trace.ts";
import type { ChatResult, ChatRun } from "./chat-node.ts";
import type { FollowUp } from "./chat-settings.ts";
import { pastMessages } from "./past.ts";

/** The answer as the author's function rewrites it; its failure leaves the answer as it was. */
export async function postProcessed(
  body: ChatResult,
  code: string | undefined,
  run: ChatRun,
): Promise<ChatResult> {
  if (!code || typeof body.text !== "string") return body;
  const { flow, question, scope, services } = run;
  const { text: rawOutput, sourceDocuments, usedTools, artifacts, fileAnnotations } = body;
  try {
    const value = await services.code.run({
      code,
      globals: {
        $vars: code.includes("$vars") ? await run.variables() : {},
        $flow: {
          ...flow,
          input: question,
          rawOutput,
          chatHistory: await pastMessages(run),
          sourceDocuments,
          usedTools,
          artifacts,
          fileAnnotations,
        },
      },
      scope,
      signal: services.signal,
    });
    if (typeof value === "string") return { ...body, text: value };
    if (typeof value !== "object" || value === null) return body;
    return { ...body, text: `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`` };
  } catch (error) {
    if (services.signal.aborted) throw error;
    return body;
  }
}

const Questions = z.object({ questions: z.array(z.string()) });
const timeoutMs = 30_000;

/** Questions that may come next; undefined where the model fails, for an answer is worth more than what comes after. */
export async function followUpQuestions(
  text: string,
  followUp: FollowUp | undefined,
  { services }: Pick<ChatRun, "services">,
): Promise<string[] | undefined> {
  if (!followUp) return undefined;
  const { credentialId, inputs, prompt } = followUp;
  try {
    const [component, credential] = await Promise.all([
      loadChatModel(followUp.model),
      credentialId ? services.credential(credentialId) : {},
    ]);
    const setting = { inputs, credential, fetch: services.fetch, baseUrls: services.modelBaseUrls };
    const { structured } = await tracedModel(component.create(setting), services).generate({
      messages: [{ role: "user", content: prompt.replaceAll("{history}", () => text) }],
      schema: {
        name: "questions",
        schema: {
          type: "object",
          properties: { questions: { type: "array", items: { type: "string" } } },
          required: ["questions"],
        },
      },
      signal: AbortSignal.any([services.signal, AbortSignal.timeout(timeoutMs)]),
    });
    return Questions.safeParse(structured).data?.questions;
  } catch (error) {
    if (services.signal.aborted) throw error;
    return undefined;
  }
}
