import type { Db } from "@sluice/core/database/open-database";
import { type Flow, findFlow } from "@sluice/core/flow/flow";
import { type FlowOptions, readFlowOptions } from "@sluice/core/flow/flow-options";
import { isStreamable } from "@sluice/core/flow/is-streamable";
import { type FlowLimit, readFlowLimit, readFlowRate } from "@sluice/core/limit/flow-limit";
import type { Change, Epochs } from "@sluice/core/limit/intake";
import { FlowGraph, FlowType } from "@sluice/engine/graph";
import { type Plan, planFlow } from "@sluice/engine/plan";
import { withRemedy } from "@sluice/engine/unsupported";
import { WebhookTrigger } from "./webhook-trigger.ts";

/** What the way in reads of a flow. */
export interface AdmittedFlow {
  id: string;
  version: number;
  type: FlowType;
  streamable: boolean;
  limit: FlowLimit | undefined;
  /** A limit of ours for this flow alone, as text. */
  rateLimit: string | undefined;
  options: FlowOptions;
  /** Session of callers who name none, set at a chatflow's memory. */
  sessionId: string | undefined;
  /** Id of the key that callers must send. */
  apiKeyId: string | undefined;
  origins: { allowed: string[]; message: string };
  /** What starts it, where that is not the prediction call. */
  trigger: "webhook" | "schedule" | undefined;
  /** Settings of its webhook trigger. */
  webhook: WebhookTrigger | undefined;
  /** Why the flow cannot run, naming the node. */
  refusal: string | undefined;
}

const maxFlows = 2000;

/** Flows by id. A change drops its flow at once; an epoch ahead of ours drops all, should a message have been lost. */
export function openFlowCache(db: Db) {
  const flows = new Map<string, Promise<AdmittedFlow | undefined>>();
  let epoch = -1;

  return {
    holds: (id: string): boolean => flows.has(id),
    get(id: string): Promise<AdmittedFlow | undefined> {
      const cached = flows.get(id);
      if (cached) return cached;
      const loading = findFlow(db, id).then((flow) => flow && admitted(flow));
      flows.set(id, loading);
      loading.then(
        (flow) => !flow && flows.delete(id),
        () => flows.delete(id),
      );
      if (flows.size > maxFlows) flows.delete(flows.keys().next().value!);
      return loading;
    },
    onChange({ kind, id }: Change): void {
      if (kind === "flow") flows.delete(id);
    },
    /** False when the cache was behind and has been emptied: look again. */
    isCurrent({ flow }: Epochs): boolean {
      if (epoch === -1 || flow === epoch) {
        epoch = flow;
        return true;
      }
      epoch = flow;
      flows.clear();
      return false;
    },
  };
}
export type FlowCache = ReturnType<typeof openFlowCache>;

async function admitted(flow: Flow): Promise<AdmittedFlow> {
  const graph = FlowGraph.parse(JSON.parse(flow.flow_data));
  const type = FlowType.parse(flow.type);
  const chatbotConfig = parse(flow.chatbot_config);
  const plan = await planFlow(graph, type);
  return {
    id: flow.id,
    version: flow.version,
    type,
    streamable: isStreamable(flow, graph),
    limit: readFlowLimit(parse(flow.api_config)),
    rateLimit: readFlowRate(parse(flow.api_config)),
    options: readFlowOptions(parse(flow.api_config)),
    apiKeyId: flow.apikeyid || undefined,
    origins: {
      allowed: allowedOrigins(chatbotConfig),
      message: String(
        chatbotConfig?.allowedOriginsError || "This site is not allowed to access this chatbot",
      ),
    },
    sessionId: plan.chat?.memory?.sessionId || undefined,
    ...triggerOf(graph),
    refusal: refusalOf(plan),
  };
}

function triggerOf(graph: FlowGraph): Pick<AdmittedFlow, "trigger" | "webhook"> {
  const start = graph.nodes.find((node) => node.data.name === "startAgentflow");
  const inputs = start?.data.inputs;
  if (inputs?.startInputType === "scheduleInput")
    return { trigger: "schedule", webhook: undefined };
  if (inputs?.startInputType !== "webhookTrigger")
    return { trigger: undefined, webhook: undefined };
  return { trigger: "webhook", webhook: WebhookTrigger.parse(inputs) };
}

function refusalOf(plan: Plan): string | undefined {
  if (plan.unsupported.length > 0)
    return `This flow uses nodes that are not supported: ${plan.unsupported.map(withRemedy).join(", ")}`;
  if (plan.problems.length > 0)
    return plan.problems.map(({ nodeId, message }) => `${nodeId}: ${message}`).join("; ");
  return plan.startId === "" ? "Starting node not found" : undefined;
}

function allowedOrigins(config: Record<string, unknown> | undefined): string[] {
  const origins = Array.isArray(config?.allowedOrigins) ? config.allowedOrigins.map(String) : [];
  return origins[0] ? origins : [];
}

function parse(text: string | null): Record<string, unknown> | undefined {
  if (!text) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
