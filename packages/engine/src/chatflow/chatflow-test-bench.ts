import type { CodeRequest } from "../code.ts";
import type { FlowEvent, HistoryMessage } from "../event.ts";
import { FlowGraph } from "../graph.ts";
import { type Reply, scriptedProvider } from "../models/scripted-provider.ts";
import { planFlow } from "../plan.ts";
import { type Outcome, run } from "../run.ts";
import type { RunInput } from "../run-input.ts";
import type { Services } from "../services.ts";

interface DrawnNode {
  category?: string;
  label?: string;
  inputs?: Record<string, unknown>;
  /** The chosen output. */
  output?: string;
  /** Inputs in which every reference is looked up; `json:x` where they are JSON text. */
  accepts?: string[];
  /** Nodes that it leads to by one of its outputs, `output>node`, beside those that name it. */
  to?: string[];
}

/** A chatflow drawn by node id, `<name>_<n>`. Edges are where an input names another node. */
export function drawChatflow(drawn: Record<string, DrawnNode>): FlowGraph {
  const entries = Object.entries(drawn);
  const named = entries.flatMap(([target, { inputs = {} }]) =>
    [...JSON.stringify(inputs).matchAll(/\{\{(\w+)\.data\.instance/g)]
      .filter(([, source]) => !drawn[source!]?.to)
      .map(([, source]) => ({ source: source!, target, sourceHandle: "" })),
  );
  const routed = entries.flatMap(([source, { to = [] }]) =>
    to.map((text) => {
      const [output, target] = text.split(">");
      return { source, target: target!, sourceHandle: `${source}-output-${output}-string|json` };
    }),
  );
  return FlowGraph.parse({
    nodes: entries.map(([id, { category, label, inputs = {}, output, accepts = [] }]) => ({
      id,
      data: {
        name: id.replace(/_\d+$/, ""),
        label: label ?? id,
        category: category ?? categoryOf(id),
        inputs,
        outputs: output ? { output } : {},
        inputParams: accepts.map((text) => ({
          name: text.replace("json:", ""),
          type: text.startsWith("json:") ? "json" : "string",
          acceptVariable: true,
        })),
      },
    })),
    edges: [...named, ...routed],
  });
}

function categoryOf(id: string): string {
  if (/chain/i.test(id)) return "Chains";
  if (/agent/i.test(id)) return "Agents";
  if (/vectorstore|pinecone/i.test(id)) return "Vector Stores";
  return /memory/i.test(id) ? "Memory" : "Other";
}

export interface Answered extends Outcome {
  events: FlowEvent[];
  tokens: string;
}

/** Runs a drawn chatflow. Code is evaluated as it is. */
export async function askChatflow(
  graph: FlowGraph,
  request: Partial<RunInput> = {},
  given: Partial<Services> & { past?: HistoryMessage[] } = {},
): Promise<Answered> {
  const plan = await planFlow(graph, "CHATFLOW");
  if (plan.problems.length > 0 || plan.unsupported.length > 0)
    throw new Error(JSON.stringify([plan.problems, plan.unsupported]));
  const { past = [], ...services } = given;
  const events: FlowEvent[] = [];
  const input = { flowId: "f", chatId: "c", sessionId: "s", messageId: "m", ...request };
  const outcome = await run(plan, { question: "tea?", stream: true, ...input }, {
    code: {
      run: async ({ code, globals }: CodeRequest) =>
        new Function(...Object.keys(globals), code)(...Object.values(globals)),
      close: async () => {},
    },
    credential: async () => ({}),
    variables: async () => ({}),
    pastMessages: async () => past,
    emit: (event: FlowEvent) => void events.push(event),
    signal: new AbortController().signal,
    now: Date.now,
    newId: () => "an-id",
    modelBaseUrls: {},
    ...services,
    // What no test here needs is left out.
  } as Services);
  const tokens = events.map((event) => (event.type === "text.delta" ? event.text : "")).join("");
  return { ...outcome, events, tokens };
}

/** A provider with the services that reach it. */
export async function providerOf(...replies: Reply[]) {
  const { requests, fetch, url } = await scriptedProvider(...replies);
  const services: Pick<Services, "fetch" | "modelBaseUrls"> = {
    fetch,
    modelBaseUrls: { openai: url, pinecone: url },
  };
  return { requests, services };
}

/** A stream of an OpenAI model, as one reply. */
export const says =
  (text: string, ...calls: { name: string; args: unknown }[]): Reply =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta: unknown, finish_reason: string | null = null) =>
      response.write(`data: ${JSON.stringify({ choices: [{ delta, finish_reason }] })}\n\n`);
    for (const word of text.match(/\S+\s*/g) ?? []) send({ content: word });
    if (calls.length > 0)
      send({
        tool_calls: calls.map(({ name, args }, index) => ({
          index,
          id: `call-${index}`,
          type: "function",
          function: { name, arguments: JSON.stringify(args) },
        })),
      });
    send({}, "stop");
    response.end("data: [DONE]\n\n");
  };

/** The same of a model that is not streamed. */
export const answers =
  (text: string): Reply =>
  (response) =>
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ choices: [{ message: { content: text }, finish_reason: "stop" }] }));

export const embeds =
  (...vectors: number[][]): Reply =>
  (response) =>
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ data: vectors.map((embedding, index) => ({ index, embedding })) }));

export const instance = (id: string): string => `{{${id}.data.instance}}`;
