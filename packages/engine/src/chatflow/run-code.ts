import { z } from "zod";
import type { ChatNodeRun } from "./chat-node.ts";
import { pastMessages } from "./past.ts";
import { unescaped } from "./prompt.ts";

/** `functionInputVariables`: JSON text or an object. Texts that are JSON objects become objects. */
export const FunctionVariables = z.preprocess(
  (value, context) => {
    if (value === "" || value === null || value === undefined) return {};
    try {
      return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
    } catch {
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  },
  z.record(z.string(), z.unknown()),
);

/** Runs an author's function with what Flowise gives it: `$vars`, `$flow` and its own variables; the conversation where it is named. */
export async function runFunction(
  code: string,
  given: Record<string, unknown>,
  context: ChatNodeRun,
): Promise<unknown> {
  const { flow, question, rawInputs, scope, services, variables } = context;
  const history = code.includes("chatHistory") ? { chatHistory: await pastMessages(context) } : {};
  const own = Object.entries(given).map(([name, value]) => [`$${name}`, asValue(value)]);
  return services.code.run({
    code,
    globals: {
      $input: question,
      $vars: {
        ...(code.includes("$vars") ? await variables() : {}),
        ...(rawInputs.vars as object | undefined),
      },
      $flow: { ...flow, ...history, input: question },
      ...Object.fromEntries(own),
    },
    scope,
    signal: services.signal,
  });
}

function asValue(value: unknown): unknown {
  const plain = unescaped(value);
  if (typeof plain !== "string" || !/^\s*\{[\s\S]*\}\s*$/.test(plain)) return plain;
  try {
    return JSON.parse(plain);
  } catch {
    return plain;
  }
}
