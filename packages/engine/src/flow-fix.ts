/**
 * Oddities of Flowise that a flow's author may have put right, because changing them changes what a flow answers:
 * - `resumeHistory`: after a human's answer models see all that the run has said, not the saved conversation
 * - `stateText`: the text around `{{ output.path }}` in a state value is kept
 * - `iterationOutputs`: the body of an iteration may refer to nodes outside
 * - `requestBody`: POST and PUT tools without a schema send the model's body, too
 * - `toolTokens`: tokens of an agent's calls are counted once, and input is priced as input
 * - `mmr`: vector stores that are set to maximal marginal relevance find by it
 */
export const flowFixes = [
  "resumeHistory",
  "stateText",
  "iterationOutputs",
  "requestBody",
  "mmr",
  "toolTokens",
] as const;
export type FlowFix = (typeof flowFixes)[number];
