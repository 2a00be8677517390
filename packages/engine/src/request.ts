import type { RunContext } from "./run.ts";
import type { RunInput } from "./run-input.ts";
import { fileBlock } from "./uploaded-text.ts";

/** Text of files that were uploaded whole, as it is put in front of a question; "" without any. */
export function uploadedText({ uploads = [] }: RunInput): string {
  return uploads
    .filter((upload) => upload.type === "file:full" || upload.type === "stored-file:full")
    .map((upload) => fileBlock(upload.name, upload.data ?? ""))
    .join("");
}

export const formLines = (form: Record<string, unknown>): string =>
  Object.entries(form)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join("\n");

/** Reads {@link formLines} back: a line that begins no known field belongs to the field above. */
export function parseFormLines(text: string, names: string[]): Record<string, unknown> {
  const form: Record<string, unknown> = {};
  let current: string | undefined;
  for (const line of text.split("\n")) {
    const name = names.find((candidate) => line.startsWith(`${candidate}: `));
    if (name !== undefined) {
      current = name;
      form[name] = line.slice(name.length + 2);
    } else if (current !== undefined) form[current] += `\n${line}`;
  }
  return form;
}

/** What the user said, as a node takes it: question, else form, else webhook payload. */
export function nodeInput({
  request,
  run,
}: Pick<RunContext, "request" | "run">): string | undefined {
  // An answer to a question of the run says nothing beyond itself.
  const form = request.humanInput ? request.form : (run.form ?? request.form);
  const hasForm = form !== undefined && Object.keys(form).length > 0;
  if (request.question && request.form && Object.keys(request.form).length > 0)
    throw new Error("Question and form cannot be provided at the same time");
  if (request.question) {
    const files = uploadedText(request);
    return files ? `${files}\n\n${request.question}` : request.question;
  }
  if (hasForm) return formLines(form);
  return request.webhook ? JSON.stringify(request.webhook) : undefined;
}

/** Throws unless a request's `history` has the shape that Flowise documents. */
export function checkedHistory(
  history: unknown,
): { role: "user" | "assistant"; content: string }[] {
  if (history === undefined || history === null) return [];
  if (!Array.isArray(history)) throw new Error("history must be an array");
  return history.map((message, index) => {
    const { role, content } = message ?? {};
    if ((role !== "apiMessage" && role !== "userMessage") || typeof content !== "string")
      throw new Error(
        `history[${index}] must be {"role": "apiMessage" or "userMessage", "content": text}`,
      );
    return { role: role === "apiMessage" ? "assistant" : "user", content };
  });
}
