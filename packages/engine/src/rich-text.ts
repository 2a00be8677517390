type Turndown = { turndown(html: string): string };
let turndown: Turndown | undefined;

const startsWithBlock = /^\s*<(?:p|div|h[1-6]|ul|ol|blockquote|pre|table)\b/i;

/** True for what Flowise's rich-text editor saves as HTML. */
export const isRichText = (text: string): boolean => startsWithBlock.test(text);

/** Loads the converter; call once before {@link toMarkdown}, only flows with rich text pay for it. */
export async function loadRichText(): Promise<void> {
  if (turndown) return;
  const { default: TurndownService } = await import("turndown");
  const service = new TurndownService();
  service.escape = (text: string) => text;
  turndown = service;
}

export function toMarkdown(html: string): string {
  if (!turndown) throw new Error("rich text is converted before its converter is loaded");
  return turndown.turndown(html);
}
