import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const widgetFile = fileURLToPath(import.meta.resolve("flowise-embed/dist/web.js"));

/** Somebody's page with the widget on it, at another origin than the API. */
export async function openSite(apiHost: string): Promise<{ url: string; close(): Promise<void> }> {
  const widget = await readFile(widgetFile);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://site");
    if (pathname === "/web.js")
      return response.writeHead(200, { "content-type": "text/javascript" }).end(widget);
    if (pathname !== "/") return response.writeHead(404).end();
    const flow = JSON.stringify(searchParams.get("flow") ?? "");
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(`<!doctype html>
<title>A page with a chat</title>
<flowise-fullchatbot></flowise-fullchatbot>
<script type="module">
  import Chatbot from "/web.js";
  Chatbot.initFull({ chatflowid: ${flow}, apiHost: ${JSON.stringify(apiHost)}, theme: { chatWindow: { sourceDocsTitle: "Sources:" } } });
</script>`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
