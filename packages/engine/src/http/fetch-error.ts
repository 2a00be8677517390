export type FetchErrorCode =
  | "invalid"
  | "denied"
  | "timeout"
  | "too_large"
  | "too_many_redirects"
  | "connection";

/** An outbound request that could not be made or finished. An answer of any status is not an error. */
export class FetchError extends Error {
  readonly code: FetchErrorCode;
  /** The host as the caller wrote it; never the address it resolved to. */
  readonly host: string;
  constructor(code: FetchErrorCode, host: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "FetchError";
    this.code = code;
    this.host = host;
  }
}

export const denied = (host: string): FetchError =>
  new FetchError(
    "denied",
    host,
    `Access to ${host} is denied: it is, or resolves to, an address that flows may not reach. ` +
      "An operator can allow it with HTTP_ALLOW_LIST; HTTP_DENY_LIST always wins.",
  );

const wordsOf: Record<string, string> = {
  ECONNREFUSED: "refused the connection",
  ECONNRESET: "closed the connection",
  EPIPE: "closed the connection",
  ENOTFOUND: "has no address; check the host name",
  EAI_AGAIN: "could not be resolved; the name server did not answer",
  ETIMEDOUT: "did not answer in time",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
};

/** Names the host and what happened, not the resolved address that Node puts into its own message. */
export function connectionError(host: string, cause: unknown): FetchError {
  if (cause instanceof FetchError) return cause;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  const words = wordsOf[code] ?? `could not be reached (${code || "connection failed"})`;
  return new FetchError("connection", host, `${host} ${words}`, { cause });
}
