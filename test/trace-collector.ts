import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  name: string;
  service: string;
  attributes: Record<string, unknown>;
}

type Value = Record<string, unknown>;
interface Pair {
  key: string;
  value: Value;
}
interface Body {
  resourceSpans: {
    resource: { attributes: Pair[] };
    scopeSpans: {
      spans: (Omit<CollectedSpan, "attributes" | "service"> & { attributes: Pair[] })[];
    }[];
  }[];
}

const plain = (pairs: Pair[]) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));

/** Takes spans as OTLP's JSON. */
export async function openTraceCollector() {
  const spans: CollectedSpan[] = [];
  const texts: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    texts.push(text);
    for (const { resource, scopeSpans } of (JSON.parse(text) as Body).resourceSpans)
      for (const span of scopeSpans.flatMap((scope) => scope.spans))
        spans.push({
          ...span,
          parentSpanId: span.parentSpanId || undefined,
          service: String(plain(resource.attributes)["service.name"]),
          attributes: plain(span.attributes),
        });
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Spans of one trace. */
    of: (traceId: string) => spans.filter((span) => span.traceId === traceId),
    /** All that was sent. */
    text: () => texts.join("\n"),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
