import { flowFixes } from "@sluice/engine/flow-fix";
import { z } from "zod";

/** How many predictions may be open at once; 0 is no cap. */
export const MaxConcurrent = z.int().min(0).max(1_000_000);

/** `apiConfig.sluice`: settings of ours that Flowise passes over. Others read their own from it. */
export const FlowOptions = z.object({
  /** What becomes of a message while an earlier one of its conversation is open. */
  conversation: z.enum(["parallel", "enqueue", "reject", "interrupt"]).default("parallel"),
  /** In place of the cap for all flows. */
  maxConcurrent: MaxConcurrent.optional(),
  /** What becomes of a prediction when its caller goes away. */
  onDisconnect: z.enum(["continue", "cancel"]).default("continue"),
  /** Oddities of Flowise to be put right in this flow. */
  fixes: z.array(z.enum(flowFixes)).default([]),
});
export type FlowOptions = z.infer<typeof FlowOptions>;

const optionsIn = (apiConfig: unknown): unknown =>
  (apiConfig as { sluice?: unknown } | null | undefined)?.sluice ?? {};

/** A flow that came by another way than the API may have anything there: what is not valid counts as not set. */
export function readFlowOptions(apiConfig: unknown): FlowOptions {
  const read = FlowOptions.safeParse(optionsIn(apiConfig));
  return read.success ? read.data : FlowOptions.parse({});
}

/** What is wrong with them, in one line. */
export function flowOptionsProblem(apiConfig: unknown): string | undefined {
  const issue = FlowOptions.safeParse(optionsIn(apiConfig)).error?.issues[0];
  return issue && `${["apiConfig.sluice", ...issue.path].join(".")}: ${issue.message}`;
}
