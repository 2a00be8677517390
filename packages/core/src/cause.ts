/** What an error of Redis or Postgres means for who asked; undefined when it is our own fault. */
export function causeOf(error: unknown): "away" | "refused" | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  // Class 22: the value is none that the column takes, such as a text with a zero character in it.
  if (/^22[0-9A-Z]{3}$/.test(code)) return "refused";
  // Classes 08, 53 and 57: Postgres is away, full or stopping.
  if (/^(08|53|57)[0-9A-Z]{3}$/.test(code)) return "away";
  if (awayCodes.has(code) || awayNames.has(error.name)) return "away";
  return awayWords.test(error.message) ? "away" : undefined;
}

const awayCodes = new Set(["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EPIPE", "EHOSTUNREACH"]);
const awayNames = new Set(["MaxRetriesPerRequestError", "ClusterAllFailedError"]);
const awayWords =
  /^(Command timed out|Connection is closed|Connection terminated|Stream isn't writeable|timeout exceeded when trying to connect|LOADING |OOM |READONLY )/;
