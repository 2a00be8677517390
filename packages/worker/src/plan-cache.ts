import type { Db } from "@sluice/core/database/open-database";
import { getFlow } from "@sluice/core/flow/flow";
import { readFlowOptions } from "@sluice/core/flow/flow-options";
import { getFlowVersion } from "@sluice/core/flow/flow-version";
import { type FollowUp, readChatSettings } from "@sluice/engine/chatflow/chat-settings";
import { FlowGraph, FlowType } from "@sluice/engine/graph";
import { type Plan, planFlow } from "@sluice/engine/plan";
import { type OverridePermissions, readPermissions } from "@sluice/engine/run-input";

export interface PlannedFlow {
  plan: Plan;
  permissions: OverridePermissions | undefined;
  /** Thought up after an agentflow's answer; chatflows do it themselves. */
  followUp?: FollowUp;
}

const maxPlans = 500;

/** Plans of flow versions, compiled on first use. A version never changes, so nothing needs to be dropped but by age of use. */
export function openPlanCache(db: Db) {
  const plans = new Map<string, Promise<PlannedFlow>>();

  async function load(flowId: string, version: number): Promise<PlannedFlow> {
    const flow = await getFlowVersion(db, flowId, version);
    const graph = FlowGraph.parse(JSON.parse(flow.flow_data));
    const apiConfig = flow.api_config ? JSON.parse(flow.api_config) : null;
    const plan = await planFlow(graph, FlowType.parse(flow.type));
    const { fixes } = readFlowOptions(apiConfig);
    if (fixes.length > 0) plan.fixes = new Set(fixes);
    const settings = readChatSettings({
      chatbotConfig: flow.chatbot_config,
      followUpPrompts: flow.follow_up_prompts,
    });
    if (plan.chat) plan.chat.settings = settings;
    return {
      plan,
      permissions: readPermissions(apiConfig),
      ...(!plan.chat && settings.followUp && { followUp: settings.followUp }),
    };
  }

  function get(flowId: string, version: number): Promise<PlannedFlow> {
    const key = `${flowId}:${version}`;
    const cached = plans.get(key);
    if (cached) {
      // Most recently used last.
      plans.delete(key);
      plans.set(key, cached);
      return cached;
    }
    const loading = load(flowId, version);
    loading.catch(() => plans.delete(key));
    plans.set(key, loading);
    if (plans.size > maxPlans) plans.delete(plans.keys().next().value!);
    return loading;
  }

  return {
    get,
    /** A flow as it is now. */
    async newest(flowId: string): Promise<{ flowVersion: number; planned: PlannedFlow }> {
      const { version } = await getFlow(db, flowId);
      return { flowVersion: version, planned: await get(flowId, version) };
    },
  };
}
export type PlanCache = ReturnType<typeof openPlanCache>;
