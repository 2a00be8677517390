import { loadChatNode } from "../nodes/chatflow-registry.ts";
import type { ChatRun } from "./chat-node.ts";
import type { ChatPlan, PlannedChatNode } from "./plan-chatflow.ts";
import { contextOf, preparedInputs } from "./prepare-chat-inputs.ts";

/** What an `ifElseFunction` made: the value, and the output that it leaves by. */
export interface Branch {
  kind: "branch";
  taken: string;
  value: unknown;
}

const isBranch = (value: unknown): value is Branch =>
  typeof value === "object" && value !== null && (value as Branch).kind === "branch";

/** Makes what the flow's ending needs, and tells which ending that is: the last one that a branch did not rule out. */
export async function initialise(
  { order, endings }: ChatPlan,
  run: ChatRun,
): Promise<{ ending: PlannedChatNode; instances: Map<string, unknown> }> {
  const instances = new Map<string, unknown>();
  const taken = new Map<string, string>();
  const dead = new Set<string>();
  for (const node of order) {
    if (isDead(node, taken, dead)) {
      dead.add(node.id);
      continue;
    }
    const isNeeded = [...node.serves].some((id) => !dead.has(id));
    if (endings.includes(node) || node.isIndexed || !isNeeded) continue;
    if (run.services.signal.aborted) throw new Error("Aborted");
    const made = await make(node, instances, run);
    if (isBranch(made)) taken.set(node.id, made.taken);
    instances.set(node.id, isBranch(made) ? made.value : made);
  }
  const ending = endings.findLast(({ id }) => !dead.has(id));
  if (!ending) throw new Error("Ending nodes not found");
  return { ending, instances };
}

/** Fed by a branch that was not taken, or by a node that is. */
const isDead = (
  { parents }: PlannedChatNode,
  taken: ReadonlyMap<string, string>,
  dead: ReadonlySet<string>,
) =>
  parents.some(
    ({ id, handle }) =>
      dead.has(id) || (taken.has(id) && handle !== "" && handle !== taken.get(id)),
  );

async function make(
  node: PlannedChatNode,
  instances: Map<string, unknown>,
  run: ChatRun,
): Promise<unknown> {
  try {
    const component = await loadChatNode(node.name);
    const inputs = await preparedInputs(node, instances, run);
    return await component.init?.(inputs, contextOf(node, inputs, run));
  } catch (error) {
    // Flowise's words for a failure before the ending's turn; clients show them.
    throw new Error(`Error: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
