/** How an answer is given: set by the asker, in the last user message. */
export interface Knobs {
  /** Time to the first token. */
  ttftMs: number;
  tokens: number;
  gapMs: number;
  /** Name on numbered tokens `rid:0 rid:1 …`, so that the far end can check each; undefined: prose. */
  rid: string | undefined;
  /** Ask for one tool call before the answer. */
  tool: boolean;
  /** Refuse with this HTTP status. */
  status: number | undefined;
  /** Break the connection after so many tokens. */
  cut: number | undefined;
  /** Take the request and never answer. */
  hang: boolean;
}

export type Defaults = Pick<Knobs, "ttftMs" | "tokens" | "gapMs">;

/**
 * Reads `[[ttft=50 n=50 gap=10]]`, `[[tool]]`, `[[status=500]]`, `[[cut=5]]`, `[[hang]]` (also together in
 * one pair of brackets) and `rid=name` out of a message.
 */
export function readKnobs(text: string, defaults: Defaults): Knobs {
  const words = [...text.matchAll(/\[\[([^\]]*)\]\]/g)].flatMap(([, inside]) =>
    (inside ?? "").split(/\s+/),
  );
  const values = new Map(
    words.filter(Boolean).map((word) => {
      const [name = "", value] = word.split("=");
      return [name, value] as const;
    }),
  );
  const number = (name: string) => {
    const value = Number(values.get(name) ?? Number.NaN);
    return Number.isInteger(value) && value >= 0 ? value : undefined;
  };
  const rid = /\brid=([\w-]+)/.exec(text)?.[1];
  return {
    ttftMs: number("ttft") ?? defaults.ttftMs,
    tokens: number("n") ?? defaults.tokens,
    gapMs: number("gap") ?? defaults.gapMs,
    rid: rid ?? (values.has("n") ? "tok" : undefined),
    tool: values.has("tool"),
    status: number("status"),
    cut: number("cut"),
    hang: values.has("hang"),
  };
}
