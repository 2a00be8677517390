const translated = "水門は、水路が受けとめられる速さで水を通します。";

/** Answers like a person, the same every time, in pieces of a word. */
export function prose(question: string, instructions: string): string[] {
  const wantsJapanese = /japanese/i.test(instructions) || /japanese/i.test(question);
  const asked = question.replace(/\s+/g, " ").trim().slice(0, 120);
  const text = wantsJapanese
    ? translated
    : `You asked: "${asked}" A simulated model answers everything with calm certainty, one word after another, and never sends a bill.`;
  return [...new Intl.Segmenter("en", { granularity: "word" }).segment(text)].map(
    ({ segment }) => segment,
  );
}
