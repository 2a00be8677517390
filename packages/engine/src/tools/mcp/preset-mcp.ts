import type { NodeRun } from "../../node.ts";
import { defineTool, type ToolComponent } from "../../tool.ts";
import { requireSecrets } from "../tool-secret.ts";
import { mcpTools } from "./mcp-tools.ts";

/** Declares the tools of a published server; it is started as a program with the credential it needs. */
export function presetMcp<Secret extends string = never>(preset: {
  name: string;
  label: string;
  /** The npm package, with its version. */
  package: string;
  secrets?: readonly Secret[];
  env?(secrets: Record<Secret, string>): Record<string, string>;
  args?(secrets: Record<Secret, string>, inputs: Record<string, unknown>): string[];
}): ToolComponent {
  const { name, label, secrets: names = [] } = preset;
  return defineTool({
    name,
    async create(inputs, context: NodeRun) {
      const secrets = await requireSecrets(inputs, names, label, context);
      const server = {
        kind: "stdio" as const,
        command: "npx",
        args: ["--yes", preset.package, ...(preset.args?.(secrets, inputs) ?? [])],
        env: preset.env?.(secrets) ?? {},
        isPreset: true,
      };
      return mcpTools(server, inputs.mcpActions, { label, name }, context);
    },
  });
}
