import type { ApiKey } from "@sluice/core/api-key/api-key";
import { flowWindow } from "@sluice/core/limit/flow-limit";
import type { Limit } from "@sluice/core/limit/intake";
import type { LimitPolicies } from "@sluice/core/limit/limit-settings";
import { overridden, type RatePolicy, rateLimit } from "@sluice/core/limit/rate-policy";
import { networkOf } from "./client-ip.ts";
import type { AdmittedFlow } from "./flow-cache.ts";

export type LimitName = "global" | "ip" | "flow" | "key" | "tenant" | "flowise";

/** One limit that a request has to pass. */
export interface PlannedLimit {
  name: LimitName;
  limit: Limit;
  /** Of our own limits; Flowise's window has none. */
  policy?: RatePolicy;
}

function planned(
  name: LimitName,
  id: string,
  policy: RatePolicy | null | undefined,
): PlannedLimit[] {
  if (!policy) return [];
  const counter = id ? `rate:${name}:${id}` : `rate:${name}`;
  return [{ name, policy, limit: rateLimit(counter, policy) }];
}

/** What needs nothing to be looked up. */
export const entryLimits = ({ global, ip }: LimitPolicies, address: string): PlannedLimit[] => [
  ...planned("global", "", global),
  ...planned("ip", networkOf(address), ip),
];

/** The window in a flow's Flowise configuration, which counts whoever calls it, let in or not. */
export function flowiseLimits(
  { flowiseAway }: LimitPolicies,
  flow: AdmittedFlow | undefined,
  address: string,
): PlannedLimit[] {
  if (!flow?.limit) return [];
  return [{ name: "flowise", limit: flowWindow(flow.id, address, flow.limit, flowiseAway) }];
}

/** What is counted of callers that are let in. */
export const runLimits = (
  { flow: perFlow, key: perKey, tenant: perTenant }: LimitPolicies,
  flow: AdmittedFlow,
  key: ApiKey | undefined,
): PlannedLimit[] => [
  ...planned("flow", flow.id, overridden(flow.rateLimit, perFlow)),
  ...planned("key", key?.id ?? "", key && overridden(key.rate_limit, perKey)),
  ...planned("tenant", key?.tenant ?? "", key?.tenant ? perTenant : undefined),
];
