import type { FlowGraph } from "@sluice/engine/graph";
import { CliError } from "../command.ts";
import { Binding } from "../flow/binding.ts";
import { findUnbound } from "../flow/unbound.ts";

/** By type of credential: what it holds, and the input that leads its component to another address. */
const simulated: Record<string, { data: Record<string, string>; input?: string; path?: string }> = {
  openAIApi: { data: { openAIApiKey: "simulated" }, input: "basepath", path: "/v1" },
  googleGenerativeAI: { data: { googleGenerativeAPIKey: "simulated" }, input: "baseUrl" },
  // Its address is a setting of the worker.
  anthropicApi: { data: { anthropicApiKey: "simulated" } },
};

/** Binds all models of a flow to a simulated one, so that chaos costs nothing. */
export function simulatedBinding(graph: FlowGraph, modelUrl: string): Binding {
  const { credentials } = findUnbound(graph);
  const wanted = credentials.filter(({ optional }) => !optional);
  const foreign = wanted.find(({ type }) => !(type in simulated));
  if (foreign)
    throw new CliError(`${foreign.at} wants ${foreign.type}, which cannot be simulated`, {
      remedy: "Use the real services: --real --bind FILE; sluice check FILE writes one to fill in.",
    });
  const binding = Binding.parse({});
  for (const { at, type } of wanted) {
    const { data, input, path = "" } = simulated[type]!;
    binding.credentials[at] = { type, data };
    if (input) binding.inputs[`${at}/${input}`] = `${modelUrl}${path}`;
  }
  return binding;
}
