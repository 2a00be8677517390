import { defineTool } from "../tool.ts";
import { flowTool } from "./flow-tool.ts";

/** A chatflow that a model may ask. */
export const chatflowTool = defineTool({
  name: "ChatflowTool",
  acceptsVariables: ["overrideConfig", "customInput"],
  create: (inputs) =>
    flowTool(
      { label: "Chatflow Tool", name: "ChatflowTool" },
      String(inputs.selectedChatflow ?? ""),
      inputs,
    ),
});
