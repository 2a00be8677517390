import type { AgentFinds } from "./agent-talk.ts";
import type { ModelAnswer } from "./model.ts";
import type { NodeRun } from "./node.ts";

type Made = {
  [name in "text" | "images" | "files" | "providerCalls"]: ModelAnswer[name] | undefined;
} & { text: string };

/**
 * Keeps what a provider's own tools made: images become artifacts, files annotations, calls used tools. Returns the text
 * with links to the files in the place of the provider's.
 */
export async function keepProviderFinds(
  { text, images = [], files = [], providerCalls = [] }: Made,
  found: AgentFinds,
  context: NodeRun,
): Promise<string> {
  found.usedTools.push(...providerCalls);
  const { services, request } = context;
  const { saveFile } = services;
  if (!saveFile) return text;
  for (const { mime, base64 } of images) {
    const type = /^image\/(\w+)/.exec(mime)?.[1] ?? "png";
    const name = `artifact_${services.newId()}.${type}`;
    await saveFile(name, Buffer.from(base64, "base64"));
    found.artifacts.push({ type, data: `FILE-STORAGE::${name}` });
  }
  let linked = text;
  for (const { name, base64, link } of files) {
    const kept = await saveFile(`${services.newId()}_${name}`, Buffer.from(base64, "base64"));
    found.fileAnnotations.push({ filePath: kept, fileName: name });
    const query = new URLSearchParams({
      chatflowId: request.flowId,
      chatId: request.chatId,
      fileName: kept,
      download: "true",
    });
    if (link) linked = linked.replaceAll(link, () => `/api/v1/get-upload-file?${query}`);
  }
  return linked;
}
