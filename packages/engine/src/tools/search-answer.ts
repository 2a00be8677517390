type Fields = Record<string, unknown>;

/** The text that answers a search best: the answer box, else the knowledge panel, else what the pages say. */
export function bestText(found: {
  answerBox: Fields | undefined;
  knowledgeGraph: Fields | undefined;
  organic: Fields[] | undefined;
}): string {
  const { answerBox = {}, knowledgeGraph = {}, organic = [] } = found;
  const answer =
    firstText(answerBox, ["answer", "result", "snippet"]) ??
    firstText(answerBox, ["snippet_highlighted_words", "snippetHighlighted"]) ??
    firstText(knowledgeGraph, ["description"]);
  if (answer) return answer;
  const snippets = organic.flatMap((page) => firstText(page, ["snippet", "title"]) ?? []);
  return snippets.join("\n") || "No good search result found";
}

function firstText(fields: Fields, names: string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === "string" && value !== "") return value;
    if (Array.isArray(value) && typeof value[0] === "string") return value.join(", ");
  }
  return undefined;
}
