import { chatModelNames } from "../models/registry.ts";
import type { AgentflowNode } from "../node.ts";
import { embeddingsNames } from "../retrieval/embeddings/registry.ts";
import { vectorStoreNames } from "../retrieval/stores/registry.ts";
import { toolNames } from "../tools/registry.ts";
import { agent } from "./agentflow/agent.ts";
import { condition } from "./agentflow/condition.ts";
import { conditionAgent } from "./agentflow/condition-agent.ts";
import { customFunction } from "./agentflow/custom-function.ts";
import { directReply } from "./agentflow/direct-reply.ts";
import { executeFlow } from "./agentflow/execute-flow.ts";
import { http } from "./agentflow/http.ts";
import { humanInput } from "./agentflow/human-input.ts";
import { iteration } from "./agentflow/iteration.ts";
import { llm } from "./agentflow/llm.ts";
import { loop } from "./agentflow/loop.ts";
import { retriever } from "./agentflow/retriever.ts";
import { start } from "./agentflow/start.ts";
import { tool } from "./agentflow/tool.ts";

/** The agentflow nodes we support, by Flowise's name. */
export const agentflowNodes: ReadonlyMap<string, AgentflowNode> = new Map(
  [
    start,
    llm,
    agent,
    condition,
    directReply,
    customFunction,
    http,
    tool,
    loop,
    iteration,
    conditionAgent,
    humanInput,
    executeFlow,
    retriever,
  ].map((node) => [node.name, node]),
);

export const isSupportedModel = (name: string): boolean => chatModelNames.includes(name);
export const isSupportedTool = (name: string): boolean => toolNames.includes(name);
/** Whether an agent can look into it; stores on the canvas of a chatflow are nodes of their own. */
export const isSupportedKnowledge = (name: string): boolean =>
  vectorStoreNames.includes(name) || embeddingsNames.includes(name);
