import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { openCodeRunner } from "../code/open-code-runner.ts";
import { openGuardedFetch } from "../http/open-guarded-fetch.ts";
import type { NodeRun } from "../node.ts";
import { newRunState } from "../run-state.ts";
import type { Services } from "../services.ts";
import type { Tool } from "../tool.ts";
import { buildTools } from "./build-tools.ts";

export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** An HTTP server for one test; `answer` is asked for each request. */
export async function serve(answer: (request: Received, response: ServerResponse) => void) {
  const requests: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url: path = "", headers } = request;
    const received = { method, path, headers, body: Buffer.concat(chunks).toString() };
    requests.push(received);
    answer(received, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

export const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

/** What a node gives its tools, over a guarded fetch that may reach the loopback. */
export function toolRun(services: Partial<Services> = {}, run: Partial<NodeRun> = {}): NodeRun {
  const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: ["127.0.0.1"] });
  const code = openCodeRunner({ fetch, timeoutMs: 10_000 });
  onTestFinished(async () => {
    fetch.close();
    await code.close();
  });
  const state = newRunState("startAgentflow_0");
  return {
    nodeId: "toolAgentflow_0",
    label: "Tool",
    rawInputs: {},
    credentialId: undefined,
    request: { flowId: "flow", chatId: "chat", sessionId: "session" } as NodeRun["request"],
    input: "hello",
    run: state,
    isLast: false,
    iteration: undefined,
    resumed: undefined,
    reached: undefined,
    reach() {},
    executionId: () => undefined,
    past: async () => [],
    variables: async () => ({}),
    resolve: async (value) => value,
    flow: { chatflowId: "flow", chatId: "chat", sessionId: "session" },
    scope: "flow",
    services: {
      fetch,
      code,
      credential: async () => ({}),
      signal: new AbortController().signal,
      now: Date.now,
      newId: () => crypto.randomUUID(),
      modelBaseUrls: {},
      ...services,
    } as Services,
    emit: () => {},
    ...run,
  };
}

export async function toolsAt(
  context: NodeRun,
  name: string,
  config: Record<string, unknown> = {},
): Promise<Tool[]> {
  return (await buildTools(name, config, context)).tools;
}

/** Builds a component of one tool and calls it. */
export async function callTool(
  context: NodeRun,
  name: string,
  config: Record<string, unknown>,
  args: Record<string, unknown>,
) {
  const [tool] = await toolsAt(context, name, config);
  return tool!.call(args, context);
}
