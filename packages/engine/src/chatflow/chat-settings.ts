import { z } from "zod";

/** What a chatflow does with its answer, from the settings beside its graph. */
export interface ChatSettings {
  /** An author's function that rewrites the answer. */
  postProcessing?: string;
  followUp?: FollowUp;
}

/** Questions that the user may ask next, thought up by a model. */
export interface FollowUp {
  /** Flowise's component name. */
  model: string;
  credentialId: string;
  prompt: string;
  inputs: Record<string, unknown>;
}

const PostProcessing = z.looseObject({
  postProcessing: z.looseObject({ enabled: z.literal(true), customFunction: z.string().min(1) }),
});
const FollowUpPrompts = z.looseObject({ status: z.literal(true), selectedProvider: z.string() });
const Provider = z.looseObject({
  credentialId: z.string().nullish(),
  prompt: z.string().nullish(),
});

/** Reads `chatbotConfig` and `followUpPrompts` of a flow; what is off or incomplete is left out. */
export function readChatSettings(flow: {
  chatbotConfig: string | null;
  followUpPrompts: string | null;
}): ChatSettings {
  const processing = PostProcessing.safeParse(parsed(flow.chatbotConfig)).data?.postProcessing;
  const followUp = followUpOf(parsed(flow.followUpPrompts));
  return {
    ...(processing && { postProcessing: codeOf(processing.customFunction) }),
    ...(followUp && { followUp }),
  };
}

function followUpOf(value: unknown): FollowUp | undefined {
  const chosen = FollowUpPrompts.safeParse(value).data;
  const provider = chosen && Provider.safeParse(chosen[chosen.selectedProvider]).data;
  if (!chosen || !provider?.prompt) return undefined;
  const { credentialId, prompt, ...inputs } = provider;
  const name = chosen.selectedProvider === "ollama" ? "chatOllama" : chosen.selectedProvider;
  return { model: name, credentialId: credentialId ?? "", prompt, inputs };
}

/** The canvas saves the function as JSON text of its code. */
function codeOf(text: string): string {
  const code = parsed(text);
  return typeof code === "string" ? code : text;
}

function parsed(text: string | null): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
