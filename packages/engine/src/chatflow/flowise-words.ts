// Flowise writes these for characters that would break JSON text; saved flows may hold them.
const characters: Record<string, string> = {
  DOUBLE_QUOTE: '"',
  NEWLINE: "\n",
  BACKSPACE: "\b",
  FORM_FEED: "\f",
  CARRIAGE_RETURN: "\r",
  TAB: "\t",
  BACKSLASH: "\\",
};
const words = new RegExp(`FLOWISE_(${Object.keys(characters).join("|")})`, "g");

/** Puts back the characters for which a saved flow holds Flowise's words. */
export const withoutFlowiseWords = (text: string): string =>
  text.includes("FLOWISE_") ? text.replace(words, (_, name: string) => characters[name]!) : text;
