import { moderation, several } from "./chat-parts.ts";

const Moderations = several(moderation);

/** Lets every connected moderation look at the question, in order; rejects with the first one's refusal. */
export async function checkModerations(connected: unknown, question: string): Promise<void> {
  const moderations = Moderations.safeParse(connected);
  if (!moderations.success) throw new Error(moderations.error.issues[0]?.message);
  for (const one of moderations.data) await one.check(question);
}
