import type { ToolDefinition } from "./model.ts";
import type { NodeRun } from "./node.ts";

/** Something a model may call. */
export interface Tool extends ToolDefinition {
  /** Label and name of the component that it comes from. */
  component: { label: string; name: string };
  /** Its first result ends the agent's loop and is the answer. */
  returnDirect?: boolean;
  /** Rejects when the tool fails; the message is shown to the author. Arguments fit `schema`, surplus ones included. */
  call(args: Record<string, unknown>, context: NodeRun): Promise<ToolResult>;
}

export interface ToolResult {
  text: string;
  sourceDocuments?: unknown[];
  artifacts?: unknown[];
  /** Arguments to report in place of those that the model sent. */
  toolInput?: unknown;
}

export interface ToolComponent {
  /** Flowise's component name. */
  name: string;
  /** Inputs in which references are looked up before `create` sees them. */
  acceptsVariables?: string[];
  create(inputs: Record<string, unknown>, context: NodeRun): Promise<Tool[]> | Tool[];
}

export const defineTool = (component: ToolComponent): ToolComponent => component;
