import { z } from "zod";
import type { Flow } from "./flow.ts";

const Config = z.looseObject({
  fullFileUpload: z.looseObject({
    status: z.literal(true),
    allowedUploadFileTypes: z.string().nullish(),
  }),
});

/** Whole files that a flow takes: a test for their types, or undefined where it takes none. */
export function fullFileUpload(
  flow: Pick<Flow, "chatbot_config">,
): ((mime: string) => boolean) | undefined {
  const config = Config.safeParse(flow.chatbot_config ? JSON.parse(flow.chatbot_config) : {}).data;
  if (!config) return undefined;
  const allowed = (config.fullFileUpload.allowedUploadFileTypes ?? "")
    .split(",")
    .map((type) => type.trim().toLowerCase())
    .filter(Boolean);
  return (mime) => allowed.length === 0 || allowed.includes(mime);
}
