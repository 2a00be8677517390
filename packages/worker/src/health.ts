import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Scrape } from "@sluice/core/metrics/open-metrics";

/** Resolves to what is missing; an empty list means that a prediction can be taken now. */
export type Readiness = () => Promise<string[]>;

const checkMs = 2000;

/** `/healthz`: the process turns. `/readyz`: 503 while Redis or Postgres is away. `/metrics` where they are on. */
export async function serveHealth(
  port: number,
  host: string,
  readiness: Readiness,
  metrics?: Scrape,
) {
  const server = createServer(async (request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    if (path === "/healthz")
      return response.writeHead(200, { "content-type": "text/plain" }).end("OK");
    if (path === "/metrics" && metrics) {
      const { contentType, text } = await metrics();
      return response.writeHead(200, { "content-type": contentType }).end(text);
    }
    if (path !== "/readyz") return response.writeHead(404).end();
    const missing = await withDeadline(readiness(), checkMs);
    response
      .writeHead(missing.length === 0 ? 200 : 503, { "content-type": "application/json" })
      .end(JSON.stringify({ ready: missing.length === 0, missing }));
  });
  server.requestTimeout = 10_000;
  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const remedy = "set WORKER_PORT to another one, or WORKER_PORT=0 for any free one";
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new Error(`port ${port} is taken; ${remedy}`) : error);
    });
    server.listen(port, host, () => resolve());
  });
}

export async function withDeadline(check: Promise<string[]>, timeoutMs: number): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string[]>((resolve) => {
    timer = setTimeout(() => resolve(["no answer in time"]), timeoutMs);
  });
  try {
    return await Promise.race([check, late]);
  } catch (error) {
    return [(error as Error).message];
  } finally {
    clearTimeout(timer);
  }
}
