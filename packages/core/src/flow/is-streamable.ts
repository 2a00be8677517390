import { type FlowGraph, type FlowNode, isStickyNote } from "@sluice/engine/graph";
import type { Flow } from "./flow.ts";

/** Endings that hand tokens on while they come, by category; true stands for all of the category. */
const streamingEndings: Record<string, (name: string) => boolean> = {
  Chains: (name) => !["openApiChain", "vectaraQAChain"].includes(name),
  Agents: (name) =>
    [
      "toolAgent",
      "conversationalRetrievalToolAgent",
      "openAIToolAgentLlamaIndex",
      "csvAgent",
      "airtableAgent",
      "openAIAssistant",
    ].includes(name),
  Engine: (name) =>
    ["contextChatEngine", "simpleChatEngine", "queryEngine", "subQuestionQueryEngine"].includes(
      name,
    ),
};

/** Whether a request for a stream gets one. If not, it is answered in JSON. */
export function isStreamable(
  flow: Pick<Flow, "type" | "chatbot_config">,
  graph: FlowGraph,
): boolean {
  if (postProcesses(flow.chatbot_config)) return false;
  if (flow.type === "AGENTFLOW") return true;
  const nodes = graph.nodes.filter((node) => !isStickyNote(node));
  const sources = new Set(graph.edges.map((edge) => edge.source));
  const endings = nodes.filter((node) => !sources.has(node.id));
  if (endings.some((node) => node.data.outputs?.output === "EndingNode")) return false;
  if (endings.some(({ data }) => /^(Multi|Sequential) Agents$/.test(data.category ?? "")))
    return true;
  if (nodes.some(({ data }) => data.category?.includes("Output Parser"))) return false;
  const ends = endings.some(({ data }) => streamingEndings[data.category ?? ""]?.(data.name));
  return ends && modelsStream(nodes);
}

/** None is told not to stream, and one does. Exports older than the setting lack it and stream. */
function modelsStream(nodes: FlowNode[]): boolean {
  const models = nodes.filter(({ data }) => ["Chat Models", "LLMs"].includes(data.category ?? ""));
  const settings = models.map((node) => node.data.inputs?.streaming);
  if (settings.some((setting) => setting === false || setting === "false")) return false;
  return settings.some(
    (setting) => setting === undefined || setting === true || setting === "true",
  );
}

function postProcesses(chatbotConfig: string | null): boolean {
  const config: unknown = chatbotConfig ? JSON.parse(chatbotConfig) : undefined;
  const { postProcessing } = (config ?? {}) as { postProcessing?: { enabled?: unknown } };
  return postProcessing?.enabled === true;
}
