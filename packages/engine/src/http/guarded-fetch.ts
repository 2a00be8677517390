import type { IncomingMessage } from "node:http";

/** The one way out for nodes: resolves the host, refuses denied addresses, connects to the one it checked. */
export type GuardedFetch = (url: string, init?: GuardedInit) => Promise<GuardedResponse>;

export interface GuardedInit {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal?: AbortSignal;
  /** Until the response's head. */
  timeoutMs?: number;
  /** Reading more than this fails; default 50 MB. Streams read through `body` are not counted. */
  maxBytes?: number;
  /** Default 5. */
  maxRedirects?: number;
}

export interface GuardedResponse {
  status: number;
  statusText: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  url: string;
  body: IncomingMessage;
  text(): Promise<string>;
  json(): Promise<unknown>;
  bytes(): Promise<Buffer>;
}
