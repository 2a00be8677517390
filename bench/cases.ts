import type { FlowName } from "./install-flows.ts";
import type { Load, Shape } from "./load.ts";

/** One thing to be measured. A `model` case asks the simulator alone, with the client of the case that follows it. */
export type Case =
  | { name: string; group: string; kind: "hop"; callers: number; quick: boolean }
  | {
      name: string;
      group: string;
      kind: "flow" | "model";
      flow: FlowName;
      quick: boolean;
      load: Pick<Load, "stream" | "shape" | "expectedTokens"> & { knobs?: string };
    };

export const modelFirstTokenMs = 50;
const tokens = 50;
const knobs = `ttft=${modelFirstTokenMs} n=${tokens} gap=10`;

const closed = (callers: number): Shape => ({ kind: "closed", callers });
const atOnce: Shape = { kind: "atOnce", callers: 2000 };

function plain(flow: FlowName, callers: number, quick = false): Case {
  const load = { stream: false, shape: closed(callers), expectedTokens: 0 };
  return { name: `${flow} sync C=${callers}`, group: flow, kind: "flow", flow, quick, load };
}

function withModel(
  flow: FlowName,
  label: string,
  shape: Shape,
  { stream = true, quick = false, tool = false, paced = true } = {},
): Case & { kind: "flow" } {
  const pace = paced ? knobs : "ttft=0 n=1 gap=0";
  const expectedTokens = paced ? tokens : 1;
  const load = { stream, shape, expectedTokens, knobs: tool ? `tool ${pace}` : pace };
  return { name: `${flow} ${label}`, group: flow, kind: "flow", flow, quick, load };
}

/** The same load on the simulator, right before. */
function alone(of: Case): Case[] {
  if (of.kind !== "flow") return [of];
  return [{ ...of, name: `model for ${of.name}`, kind: "model" }, of];
}

/** In this order, so that what is compared stands side by side. */
export const cases: Case[] = [
  ...[1, 10].map((callers) => plain("e", callers)),
  plain("e", 50, true),
  plain("e", 200),
  plain("c", 1, true),
  plain("c", 10),
  { name: "hop C=50", group: "c", kind: "hop", callers: 50, quick: true },
  plain("c", 50, true),
  plain("c", 200),
  ...alone(withModel("b", "stream C=200", closed(200), { quick: true })),
  ...alone(withModel("b", "stream C=500", closed(500))),
  ...alone(withModel("b", "stream 300/s", { kind: "open", ratePerS: 300 }, { quick: true })),
  ...alone(withModel("b", "stream 2,000 at once", atOnce)),
  withModel("d", "sync C=50", closed(50), { stream: false, tool: true }),
  // The agent's own cost: two calls of a model that answers at once.
  withModel("d", "at once C=50", closed(50), { stream: false, tool: true, paced: false }),
  withModel("a", "stream C=50", closed(50)),
  ...alone(withModel("a", "stream C=200", closed(200))),
];

/** A flow with a memory whose model answers at once: what it costs is ours. */
export const growthLoad = withModel("a", "growth", closed(50), { paced: false }).load;
