import { defineTool } from "../tool.ts";
import { flowTool } from "./flow-tool.ts";

/** An agentflow that a model may ask. */
export const agentAsTool = defineTool({
  name: "agentAsTool",
  acceptsVariables: ["overrideConfig", "customInput"],
  create: (inputs) =>
    flowTool(
      { label: "Agent as Tool", name: "agentAsTool" },
      String(inputs.selectedAgentflow ?? ""),
      inputs,
    ),
});
