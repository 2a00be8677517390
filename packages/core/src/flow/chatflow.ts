import { z } from "zod";
import { workspaceId } from "../database/workspace.ts";
import type { Flow } from "./flow.ts";

/** A flow on Flowise's wire: settings and graph are JSON as text. */
export const Chatflow = z.object({
  id: z.string(),
  name: z.string(),
  flowData: z.string(),
  deployed: z.boolean(),
  isPublic: z.boolean(),
  apikeyid: z.string().nullable(),
  chatbotConfig: z.string().nullable(),
  apiConfig: z.string().nullable(),
  analytic: z.string().nullable(),
  speechToText: z.string().nullable(),
  textToSpeech: z.string().nullable(),
  followUpPrompts: z.string().nullable(),
  category: z.string().nullable(),
  type: z.string(),
  createdDate: z.string(),
  updatedDate: z.string(),
  mcpServerConfig: z.string().nullable(),
  webhookSecretConfigured: z.boolean(),
  workspaceId: z.string(),
});
export type Chatflow = z.infer<typeof Chatflow>;

export function toChatflow(flow: Flow): Chatflow {
  return {
    id: flow.id,
    name: flow.name,
    flowData: flow.flow_data,
    deployed: flow.deployed,
    isPublic: flow.is_public,
    apikeyid: flow.apikeyid,
    chatbotConfig: flow.chatbot_config,
    apiConfig: flow.api_config,
    analytic: flow.analytic,
    speechToText: flow.speech_to_text,
    textToSpeech: flow.text_to_speech,
    followUpPrompts: flow.follow_up_prompts,
    category: flow.category,
    type: flow.type,
    createdDate: flow.created_date.toISOString(),
    updatedDate: flow.updated_date.toISOString(),
    mcpServerConfig: flow.mcp_server_config,
    webhookSecretConfigured: false,
    workspaceId,
  };
}
