import type { Usage } from "../model.ts";

/** What two calls took together; details are those of the second. */
export const addUsage = (first: Usage, second: Usage): Usage => ({
  ...second,
  input_tokens: first.input_tokens + second.input_tokens,
  output_tokens: first.output_tokens + second.output_tokens,
  total_tokens: first.total_tokens + second.total_tokens,
});
