import { resolve } from "node:path";
import { CliError, type Context } from "../command.ts";
import { readSecrets, secretsFile } from "../launcher/secrets.ts";

/** A running Sluice, or a Flowise: what the commands use is the same. */
export interface Server {
  url: string;
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  put(path: string, body: unknown): Promise<unknown>;
  delete(path: string): Promise<unknown>;
  /** Any answer, as it comes: for predictions. */
  send(path: string, body: unknown, signal: AbortSignal): Promise<Response>;
}

export const serverOptions = {
  url: { type: "string" },
  key: { type: "string" },
} as const;

export const serverUsage = `  --url URL     the server (SLUICE_URL, else http://127.0.0.1:3000)
  --key KEY     an API key (SLUICE_API_KEY, else the admin key in SLUICE_HOME)`;

/** The server that the options name, or the environment, or the one that `sluice start` runs here. */
export async function openServer(
  options: { url?: string | undefined; key?: string | undefined },
  { env }: Pick<Context, "env">,
): Promise<Server> {
  const url = (options.url ?? env.SLUICE_URL ?? "http://127.0.0.1:3000").replace(/\/+$/, "");
  const home = resolve(env.SLUICE_HOME || ".sluice");
  const key = options.key ?? env.SLUICE_API_KEY ?? (await readSecrets(home))?.apiKey;
  if (!key)
    throw new CliError("there is no API key to call the server with", {
      remedy: `Give --key, set SLUICE_API_KEY, or start here first: then it is in ${secretsFile(home)}.`,
      exitCode: 2,
    });
  return connect(url, key);
}

export function connect(url: string, key: string): Server {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const call = async (method: string, path: string, body: unknown, signal: AbortSignal) => {
    const init = {
      method,
      headers,
      signal,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    try {
      return await fetch(`${url}/api/v1${path}`, init);
    } catch (error) {
      throw unreachable(url, error);
    }
  };
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await call(method, path, body, AbortSignal.timeout(30_000));
    const text = await response.text();
    if (!response.ok) throw refused(response.status, text);
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };
  return {
    url,
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    put: (path, body) => ask("PUT", path, body),
    delete: (path) => ask("DELETE", path),
    send: (path, body, signal) => call("POST", path, body, signal),
  };
}

function unreachable(url: string, error: unknown): CliError {
  const cause = error instanceof Error ? error.cause : undefined;
  const late = error instanceof Error && error.name === "TimeoutError";
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  return new CliError(
    `${url} ${late ? "does not answer" : `cannot be reached${code ? ` (${code})` : ""}`}`,
    { remedy: "Start it with: npm start; or name another with --url.", cause: error },
  );
}

/** The server's own words; it answers errors as `{message}` or `{error}`. */
export function refused(status: number, text: string): CliError {
  const message = messageOf(text) || `status ${status}`;
  const remedy = "Is it this server's key? Give --key or set SLUICE_API_KEY.";
  return new CliError(message, status === 401 ? { remedy } : {});
}

function messageOf(text: string): string {
  try {
    const body = JSON.parse(text);
    return String(body.message ?? body.error ?? text);
  } catch {
    return text.slice(0, 300);
  }
}
