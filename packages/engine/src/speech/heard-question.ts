import type { Upload } from "../run-input.ts";
import type { Services } from "../services.ts";
import type { SpeechSetting } from "./speech-setting.ts";

const spoken = ["audio/webm", "audio/mp4", "audio/x-m4a", "audio/ogg"];

/** A recording among a request's uploads that is to be heard. */
export const recordingOf = (uploads: Upload[] | undefined): Upload | undefined =>
  uploads?.find(
    ({ type, mime }) =>
      type === "stored-file" && spoken.includes(mime?.split(";")[0]?.trim().toLowerCase() ?? ""),
  );

/** What the user said aloud; it stands in place of a written question. */
export async function heardQuestion(
  { name, mime = "" }: Upload,
  { provider, credentialId, inputs }: SpeechSetting,
  services: Pick<Services, "file" | "credential" | "fetch" | "modelBaseUrls">,
  signal: AbortSignal,
): Promise<string> {
  const { fetch, modelBaseUrls: baseUrls } = services;
  const [{ transcribe }, bytes, credential] = await Promise.all([
    import("./transcribe.ts"),
    services.file(name),
    credentialId ? services.credential(credentialId) : {},
  ]);
  const setting = { inputs, credential, fetch, baseUrls };
  return transcribe(provider, setting, { name, mime: mime.split(";")[0] ?? "", bytes }, signal);
}
