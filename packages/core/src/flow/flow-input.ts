import { FlowGraph, FlowType } from "@sluice/engine/graph";
import { z } from "zod";
import { readFlowRate } from "../limit/flow-limit.ts";
import { isRate, rateForm } from "../limit/rate-policy.ts";
import { firstProblem } from "../parse-input.ts";
import { flowOptionsProblem } from "./flow-options.ts";

/** JSON as text; none at all is fine too. */
const jsonText = (name: string) =>
  z
    .string()
    .refine((text) => text === "" || parseJson(text) !== undefined, `${name} is not JSON`)
    .nullish();

const flowData = z.string().superRefine((text, context) => {
  const problem = graphProblem(text);
  if (problem) context.addIssue({ code: "custom", message: problem });
});

/** What a client may set on a flow, in Flowise's words. The order decides which problem is told first. */
export const FlowInput = z.object({
  type: z.string().refine(isFlowType, "Invalid Chatflow Type").optional(),
  name: z.string().min(1).max(500),
  flowData,
  deployed: z.boolean().nullish(),
  isPublic: z.boolean().nullish(),
  apikeyid: z.string().nullish(),
  chatbotConfig: jsonText("chatbotConfig"),
  apiConfig: jsonText("apiConfig")
    .refine((text) => isFlowRate(text), `apiConfig.sluice.rateLimit is not off or ${rateForm}`)
    .superRefine((text, context) => {
      const message = flowOptionsProblem(text ? parseJson(text) : undefined);
      if (message) context.addIssue({ code: "custom", message });
    }),
  analytic: jsonText("analytic"),
  speechToText: jsonText("speechToText"),
  textToSpeech: jsonText("textToSpeech"),
  followUpPrompts: jsonText("followUpPrompts"),
  mcpServerConfig: jsonText("mcpServerConfig"),
  category: z.string().nullish(),
});
export type FlowInput = z.infer<typeof FlowInput>;

export const FlowPatch = FlowInput.partial();
export type FlowPatch = z.infer<typeof FlowPatch>;

function isFlowType(text: string): text is FlowType {
  return FlowType.safeParse(text).success;
}

function isFlowRate(apiConfig: string | null | undefined): boolean {
  const rate = readFlowRate(apiConfig ? parseJson(apiConfig) : undefined);
  return rate === undefined || isRate(rate);
}

function graphProblem(text: string): string | undefined {
  const json = parseJson(text);
  if (json === undefined) return "flowData is not JSON";
  const graph = FlowGraph.safeParse(json);
  return graph.success ? undefined : `flowData is not a flow: ${firstProblem(graph.error)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
