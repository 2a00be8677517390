import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { FlowGraph, FlowType, inferFlowType } from "@sluice/engine/graph";
import { z } from "zod";
import { CliError } from "../command.ts";

/** A flow out of a file, whichever shape the file has. */
export interface FileFlow {
  /** Undefined where the file carries none: canvas exports and templates. */
  id: string | undefined;
  name: string;
  type: FlowType;
  graph: FlowGraph;
  /** Further columns of a stored flow: `apiConfig`, `chatbotConfig` … */
  settings: Record<string, unknown>;
}

/** Everything of an export that the server takes. */
export interface FlowFile {
  flows: FileFlow[];
  tools: Record<string, unknown>[];
  variables: Record<string, unknown>[];
  /** What the file holds beside and is not imported, e.g. "12 ChatMessage". */
  left: string[];
}

const StoredFlow = z.looseObject({
  id: z.string().optional(),
  name: z.string(),
  type: FlowType.nullish(),
  flowData: z.string(),
});
const Row = z.record(z.string(), z.unknown());

const flowLists = ["ChatFlow", "AgentFlow", "AgentFlowV2", "AssistantFlow"];
const settingNames = [
  "deployed",
  "isPublic",
  "apikeyid",
  "chatbotConfig",
  "apiConfig",
  "analytic",
  "speechToText",
  "textToSpeech",
  "followUpPrompts",
  "mcpServerConfig",
  "category",
];

/** Reads a canvas export, a template, a stored flow, or Flowise's "Export all". */
export async function readFlowFile(file: string): Promise<FlowFile> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`${file} cannot be read: ${error.code ?? error.message}`);
  });
  try {
    return parseFlowFile(JSON.parse(text), basename(file).replace(/\.json$/i, ""));
  } catch (error) {
    const why = error instanceof z.ZodError ? firstIssue(error) : (error as Error).message;
    throw new CliError(`${file} is not a Flowise export: ${why}`, { cause: error });
  }
}

/** `name` is for the shapes that carry none. */
export function parseFlowFile(json: unknown, name: string): FlowFile {
  const whole = Row.parse(json);
  const none = { tools: [], variables: [], left: [] };
  if ("nodes" in whole) {
    const graph = FlowGraph.parse({ edges: [], ...whole });
    const { nodes, edges } = graph;
    const bare = { nodes, edges, viewport: { x: 0, y: 0, zoom: 1 } };
    return {
      flows: [{ id: undefined, name, type: inferFlowType(graph), graph: bare, settings: {} }],
      ...none,
    };
  }
  if ("flowData" in whole) return { flows: [parseStored(whole)], ...none };
  const lists = flowLists.filter((list) => list in whole);
  if (lists.length === 0 && !("Tool" in whole)) throw new Error("it has neither nodes nor flows");
  const rows = (list: string) => z.array(Row).parse(whole[list] ?? []);
  const taken = new Set([...flowLists, "Tool", "Variable"]);
  return {
    flows: lists.flatMap(rows).map(parseStored),
    tools: rows("Tool"),
    variables: rows("Variable"),
    left: Object.entries(whole).flatMap(([list, value]) =>
      !taken.has(list) && Array.isArray(value) && value.length > 0 ? `${value.length} ${list}` : [],
    ),
  };
}

function parseStored(row: Record<string, unknown>): FileFlow {
  const { id, name, type, flowData } = StoredFlow.parse(row);
  const graph = FlowGraph.parse(JSON.parse(flowData));
  const settings = settingNames.filter((key) => row[key] !== undefined && row[key] !== null);
  return {
    id,
    name,
    type: type ?? inferFlowType(graph),
    graph,
    settings: Object.fromEntries(settings.map((key) => [key, row[key]])),
  };
}

const firstIssue = (error: z.ZodError) => {
  const [issue] = error.issues;
  return `${issue?.path.join(".")}: ${issue?.message}`;
};
