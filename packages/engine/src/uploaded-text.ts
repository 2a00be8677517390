import type { HistoryMessage } from "./event.ts";
import type { Upload } from "./run-input.ts";
import type { Services } from "./services.ts";

/** A file's text as it stands in front of what the user said with it. */
export const fileBlock = (name: string, text: string): string =>
  `<doc name='${name}'>${text}</doc>\n\n`;

/** Saved messages with the texts of the whole files that came with them, as a model was told them then. */
export async function withPastTexts(
  past: HistoryMessage[],
  { fileText }: Pick<Services, "fileText">,
): Promise<HistoryMessage[]> {
  if (!fileText) return past;
  const told: HistoryMessage[] = [];
  for (const message of past) {
    const names = wholeFiles(message);
    if (names.length === 0 || typeof message.content !== "string") {
      told.push(message);
      continue;
    }
    const blocks = await Promise.all(
      names.map((name) =>
        fileText(name).then(
          (text) => fileBlock(name, text),
          // A file that is gone is no reason to say nothing.
          () => "",
        ),
      ),
    );
    const files = blocks.join("");
    told.push(files ? { ...message, content: `${files}\n\n${message.content}` } : message);
  }
  return told;
}

function wholeFiles({ additional_kwargs }: HistoryMessage): string[] {
  const uploads = additional_kwargs?.fileUploads;
  if (!Array.isArray(uploads)) return [];
  return (uploads as Upload[])
    .filter(({ type }) => type === "stored-file:full")
    .map(({ name }) => name);
}
