import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { GuardedFetch } from "./guarded-fetch.ts";
import { decodedBody } from "./guarded-response.ts";

/** The guarded fetch in the shape of WHATWG `fetch`, for SDKs that take one. Request bodies are sent in one piece. */
export function asWebFetch(guardedFetch: GuardedFetch): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
    const response = await guardedFetch(request.url, {
      method: request.method,
      headers: Object.fromEntries(request.headers),
      body,
      signal: request.signal,
      maxRedirects: request.redirect === "follow" ? 5 : 0,
    });
    const { "content-encoding": encoding, ...headers } = response.headers;
    const empty = request.method === "HEAD" || [101, 204, 205, 304].includes(response.status);
    if (empty) response.body.resume();
    const stream = empty
      ? null
      : Readable.toWeb(Readable.from(decodedBody(response.body, encoding)));
    const answer = new Response(stream as ReadableStream<Uint8Array> | null, {
      status: response.status,
      statusText: response.statusText,
      headers,
    });
    Object.defineProperty(answer, "url", { value: response.url });
    return answer;
  };
}
