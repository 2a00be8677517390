import { type FlowGraph, isStickyNote } from "../graph.ts";
import { isSupportedChatNode, loadChatNode } from "../nodes/chatflow-registry.ts";
import type { Services } from "../services.ts";

export type ForgetServices = Pick<Services, "redis" | "credential" | "signal">;

/** Empties what memories outside of Sluice hold of these sessions. Rejects when one of them is away. */
export async function forgetSessions(
  graph: FlowGraph,
  sessionIds: string[],
  services: ForgetServices,
): Promise<void> {
  if (sessionIds.length === 0) return;
  for (const node of graph.nodes) {
    const { name, category, credential } = node.data;
    if (isStickyNote(node) || category !== "Memory" || !isSupportedChatNode(name)) continue;
    const { forget } = await loadChatNode(name);
    await forget?.(sessionIds, { credentialId: credential || undefined, services });
  }
}
