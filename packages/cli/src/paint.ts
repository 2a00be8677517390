import type { Paint } from "./command.ts";

/** Colours for a terminal; plain text for a pipe or a file. */
export function openPaint(color: boolean): Paint {
  const style = (code: number) => (text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { bold: style(1), dim: style(2), green: style(32), red: style(31) };
}
