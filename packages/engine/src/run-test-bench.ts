import type { CodeRequest } from "./code.ts";
import type { FlowEvent, HistoryMessage } from "./event.ts";
import type { FlowFix } from "./flow-fix.ts";
import { FlowGraph } from "./graph.ts";
import { openGuardedFetch } from "./http/open-guarded-fetch.ts";
import { planFlow } from "./plan.ts";
import { type Outcome, run } from "./run.ts";
import type { RunInput } from "./run-input.ts";
import type { RunState } from "./run-state.ts";
import type { Services } from "./services.ts";

interface DrawnNode {
  inputs?: Record<string, unknown>;
  label?: string;
  /** Id of the iteration around it. */
  inside?: string;
  /** Where its edges lead; `1>x` leaves from output 1. */
  to?: string[];
}

/** A flow drawn by node id; ids are `<name without Agentflow>_<n>`. References work in every input. */
export function drawFlow(drawn: Record<string, DrawnNode>): FlowGraph {
  const full = (id: string) => id.replace("_", "Agentflow_");
  const entries = Object.entries(drawn);
  return FlowGraph.parse({
    nodes: entries.map(([id, { inputs = {}, label, inside }]) => ({
      id: full(id),
      ...(inside && { parentNode: full(inside) }),
      data: {
        name: full(id).replace(/_\d+$/, ""),
        label: label ?? id,
        inputs,
        inputParams: Object.keys(inputs).map((name) => ({ name, acceptVariable: true })),
      },
    })),
    edges: entries.flatMap(([id, { to = [] }]) =>
      to.map((text) => {
        const [output, target] = text.includes(">") ? text.split(">") : ["", text];
        return {
          source: full(id),
          target: full(target!),
          sourceHandle: `${full(id)}-output-${output}`,
        };
      }),
    ),
  });
}

export interface Told extends Outcome {
  events: FlowEvent[];
  /** Every state that was checkpointed, as JSON would bring it back. */
  checkpoints: RunState[];
  tokens: string;
}

/** Runs a drawn flow with services that remember what happened. Code is evaluated as it is. */
export async function runFlow(
  graph: FlowGraph,
  request: Partial<RunInput> = { question: "go" },
  options: {
    services?: Partial<Services>;
    from?: RunState;
    past?: HistoryMessage[];
    fixes?: FlowFix[];
  } = {},
): Promise<Told> {
  const plan = await planFlow(graph, "AGENTFLOW");
  if (options.fixes) plan.fixes = new Set(options.fixes);
  if (plan.problems.length > 0 || plan.unsupported.length > 0)
    throw new Error(JSON.stringify([plan.problems, plan.unsupported]));
  const events: FlowEvent[] = [];
  const checkpoints: RunState[] = [];
  const { past = [] } = options;
  // What no test here needs is left out.
  const services = {
    fetch: openGuardedFetch({ securityCheck: false, denyList: [], allowList: [] }),
    code: {
      run: async ({ code, globals }: CodeRequest) =>
        new Function(...Object.keys(globals), code)(...Object.values(globals)),
      close: async () => {},
    },
    credential: async () => ({}),
    variables: async () => ({}),
    tool: () => Promise.reject(new Error("no tools here")),
    file: () => Promise.reject(new Error("no files here")),
    pastMessages: async () => past,
    previousExecution: async () => undefined,
    emit: (event: FlowEvent) => void events.push(event),
    checkpoint: (state: RunState) => void checkpoints.push(structuredClone(state)),
    signal: new AbortController().signal,
    now: Date.now,
    newId: () => "an-id",
    modelBaseUrls: {},
    limits: { maxIterations: 100, maxLoopCount: 10 },
    ...options.services,
  } as Services;
  const input = { flowId: "f", chatId: "c", sessionId: "s", messageId: "m", ...request };
  const outcome = await run(plan, input, services, options.from);
  const tokens = events.map((event) => (event.type === "text.delta" ? event.text : "")).join("");
  return { ...outcome, events, checkpoints, tokens };
}
