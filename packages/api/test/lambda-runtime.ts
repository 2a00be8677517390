import { readFile } from "node:fs/promises";
import { Writable } from "node:stream";
import { vi } from "vitest";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
  /** When each piece came, from the call on. */
  pieces: { text: string; atMs: number }[];
}

interface Metadata {
  statusCode: number;
  headers: Record<string, string>;
}
type Handler = (event: unknown, stream: Writable, context: unknown) => Promise<void>;

/** What a function finds in Lambda's runtime: the `awslambda` global with its streams. */
export function stubLambdaRuntime(): void {
  vi.stubGlobal("awslambda", {
    streamifyResponse: (handler: Handler) => handler,
    HttpResponseStream: {
      from: (stream: Writable & { metadata?: Metadata }, metadata: Metadata) => {
        stream.metadata = metadata;
        return stream;
      },
    },
  });
}

/** Invokes a streaming handler as Lambda does. */
export async function invoke(handler: unknown, event: unknown): Promise<Answer> {
  const begun = Date.now();
  const pieces: Answer["pieces"] = [];
  const stream: Writable & { metadata?: Metadata } = new Writable({
    write(chunk, _, done) {
      pieces.push({ text: String(chunk), atMs: Date.now() - begun });
      done();
    },
  });
  await (handler as Handler)(event, stream, { awsRequestId: "test" });
  return {
    status: stream.metadata?.statusCode ?? 0,
    headers: stream.metadata?.headers ?? {},
    text: pieces.map((piece) => piece.text).join(""),
    pieces,
  };
}

interface Call {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

const recorded = async (name: string) =>
  JSON.parse(await readFile(new URL(`__fixtures__/${name}.json`, import.meta.url), "utf8"));

/** The event of a function URL, in the shape of the recorded one. */
export async function functionUrlEvent({ method, path, headers = {}, body }: Call) {
  const event = await recorded("function-url");
  const [rawPath, rawQueryString = ""] = path.split("?");
  Object.assign(event, { rawPath, rawQueryString });
  Object.assign(event.headers, headers);
  Object.assign(event.requestContext.http, { method, path: rawPath });
  if (body === undefined) return event;
  event.headers["content-type"] = "application/json";
  // A function URL passes every body in base64 that is not plain text.
  return {
    ...event,
    body: Buffer.from(JSON.stringify(body)).toString("base64"),
    isBase64Encoded: true,
  };
}

/** The event of a REST API's proxy resource, in the shape of the recorded one. */
export async function restApiEvent({ method, path, headers = {}, body }: Call) {
  const event = await recorded("rest-api");
  const [plain, query = ""] = path.split("?");
  const all = { ...headers, ...(body !== undefined && { "Content-Type": "application/json" }) };
  Object.assign(event.headers, all);
  for (const [name, value] of Object.entries(all)) event.multiValueHeaders[name] = [value];
  const parameters = Object.fromEntries(new URLSearchParams(query));
  return {
    ...event,
    path: plain,
    httpMethod: method,
    ...(query && {
      queryStringParameters: parameters,
      multiValueQueryStringParameters: Object.fromEntries(
        Object.entries(parameters).map(([name, value]) => [name, [value]]),
      ),
    }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}
