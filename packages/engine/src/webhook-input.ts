import { compileValue, type ReferenceScope, resolveValue } from "./reference.ts";

/** What a webhook call brings: `$webhook.body`, `$webhook.headers`, `$webhook.query`. */
export interface WebhookPayload extends Record<string, unknown> {
  body: Record<string, unknown>;
  headers: Record<string, string>;
  query: Record<string, string>;
}

/** The Start node's default input with `$webhook` references looked up; other references stay for the nodes. */
export async function webhookText(template: string, webhook: WebhookPayload): Promise<string> {
  const scope: ReferenceScope = {
    question: undefined,
    fileText: "",
    form: undefined,
    webhook,
    variables: {},
    flow: {},
    iteration: undefined,
    loopCount: 0,
    runMessages: 0,
    chatHistory: () => "",
    now: () => new Date().toISOString(),
    output: () => undefined,
  };
  return String(resolveValue(await compileValue(template), scope) ?? "");
}
