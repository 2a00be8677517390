import removeMarkdown from "remove-markdown";

/** A text without markdown and HTML marks: `**b**` is `b`, `<p>x</p>` is `x`. */
export const plainText = (text: string): string => removeMarkdown(text);
