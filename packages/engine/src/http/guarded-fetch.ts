import type { IncomingMessage } from "node:http";

/** The one way out for nodes: resolves the host, refuses denied addresses, connects to the one it checked. */
export type GuardedFetch = (url: string, init?: GuardedInit) => Promise<GuardedResponse>;

export interface GuardedInit {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal?: AbortSignal;
  /** Until the response's head; default 300 s. */
  timeoutMs?: number;
  /** The longest silence on the connection, also while the body is read; default 300 s. */
  idleTimeoutMs?: number;
  /** Reading more than this fails; default 50 MB. Streams read through `body` are not counted. */
  maxBytes?: number;
  /** Default 5; with 0 a redirect is an answer like any other. */
  maxRedirects?: number;
}

export interface GuardedResponse {
  status: number;
  statusText: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  url: string;
  /** The raw body. Whoever takes it reads or destroys it. */
  body: IncomingMessage;
  text(): Promise<string>;
  json(): Promise<unknown>;
  bytes(): Promise<Buffer>;
}
