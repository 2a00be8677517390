import { FlowGraph } from "@sluice/engine/graph";
import { type Chatflow, toChatflow } from "./chatflow.ts";
import type { Flow } from "./flow.ts";

/** What a widget reads of the first node: whether to show a form, and which. */
const shownInputs = ["startInputType", "formTitle", "formDescription", "formInputTypes"];

/** The graph as anybody may see it: no prompts, no tools, no ids of credentials, only how a chat begins. */
export function publicGraph(flowData: string): string {
  const nodes = FlowGraph.parse(JSON.parse(flowData))
    .nodes.filter((node) => node.data.name === "startAgentflow")
    .map(({ id, data }) => {
      const inputs = Object.entries(data.inputs ?? {}).filter(([name]) =>
        shownInputs.includes(name),
      );
      const { name, label, category } = data;
      return { id, data: { id, name, label, category, inputs: Object.fromEntries(inputs) } };
    });
  return JSON.stringify({ nodes, edges: [] });
}

/** A flow as anybody may see it. Settings with ids or tokens in them are left empty. */
export function toPublicChatflow(flow: Flow): Chatflow {
  const config = publicConfig(flow);
  return {
    ...toChatflow(flow),
    flowData: publicGraph(flow.flow_data),
    chatbotConfig: config && JSON.stringify(config),
    apiConfig: null,
    analytic: null,
    speechToText: null,
    textToSpeech: null,
    mcpServerConfig: null,
  };
}

/** The settings of the chat window, less where it may be shown. */
export function publicConfig(flow: Pick<Flow, "chatbot_config">): Record<string, unknown> | null {
  if (!flow.chatbot_config) return null;
  const config = JSON.parse(flow.chatbot_config) as Record<string, unknown> | null;
  const { allowedOrigins, allowedOriginsError, ...shown } = config ?? {};
  return shown;
}
