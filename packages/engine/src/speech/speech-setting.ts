import { z } from "zod";

/** How a flow hears: the provider that its author chose, and what is set for it. */
export interface SpeechSetting {
  provider: string;
  credentialId: string;
  inputs: Record<string, unknown>;
}

const Provider = z.looseObject({
  status: z.literal(true),
  credentialId: z.string().nullish(),
});

/** In the order in which Flowise looks for one. */
export const speechProviders = [
  "openAIWhisper",
  "assemblyAiTranscribe",
  "localAISTT",
  "azureCognitive",
  "groqWhisper",
];

/** Reads a flow's `speechToText`; undefined where it does not hear. */
export function readSpeechSetting(text: string | null): SpeechSetting | undefined {
  const config = parsed(text);
  for (const provider of speechProviders) {
    const { data } = Provider.safeParse(config[provider]);
    if (!data) continue;
    const { status, credentialId, ...inputs } = data;
    return { provider, credentialId: credentialId ?? "", inputs };
  }
  return undefined;
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = text ? JSON.parse(text) : {};
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
