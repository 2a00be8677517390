import { z } from "zod";
import type { UsedTool } from "./event.ts";
import type { ChatModel, ModelAnswer, ModelRequest, ToolCall, Usage } from "./model.ts";
import { loadChatModel } from "./models/registry.ts";
import type { NodeRun } from "./node.ts";
import { costOf } from "./prices.ts";
import { tracedModel } from "./run-trace.ts";
import { withImageContent, withMadeImages } from "./uploaded-image.ts";

/** Builds the model that an input names, from the `…Config` beside it. */
export async function modelOf(input: string, { rawInputs, services }: NodeRun): Promise<ChatModel> {
  const name = String(rawInputs[input] ?? "");
  if (!name) throw new Error("Please select a model");
  const inputs = z.record(z.string(), z.unknown()).catch({}).parse(rawInputs[`${input}Config`]);
  const id = inputs.FLOWISE_CREDENTIAL_ID ?? inputs.credential;
  const [component, credential] = await Promise.all([
    loadChatModel(name),
    typeof id === "string" && id ? services.credential(id) : {},
  ]);
  const model = component.create({
    inputs,
    credential,
    fetch: services.fetch,
    baseUrls: services.modelBaseUrls,
  });
  return tracedModel(model, services);
}

/** Asks the model; a last node passes text and reasoning on as they come. */
export async function ask(
  model: ChatModel,
  request: Omit<ModelRequest, "signal">,
  context: NodeRun,
  stream: boolean,
): Promise<ModelAnswer & { reasoningS: number | undefined }> {
  const { nodeId, emit, services } = context;
  let reasoningSince: number | undefined;
  let reasoningS: number | undefined;
  const reasoned = () => {
    if (reasoningSince === undefined || reasoningS !== undefined) return;
    reasoningS = Math.round((services.now() - reasoningSince) / 1000);
    if (stream) emit({ type: "reasoning.finished", nodeId, durationS: reasoningS });
  };
  const loaded = await withImageContent(request.messages, services);
  const answer = await model.generate({
    ...request,
    messages: model.allowsImages ? await withMadeImages(loaded, services) : loaded,
    signal: services.signal,
    ...(stream && {
      onText(text: string) {
        reasoned();
        emit({ type: "text.delta", nodeId, text });
      },
      onReasoning(text: string) {
        reasoningSince ??= services.now();
        emit({ type: "reasoning.delta", nodeId, text });
      },
    }),
  });
  reasoned();
  return { ...answer, reasoningS };
}

export function priced(
  model: ChatModel,
  usage: Usage | undefined,
): (Usage & Record<string, unknown>) | undefined {
  return usage && { ...usage, ...costOf(model.component, model.modelName, usage) };
}

/** A node's inputs as its record keeps them: less the unset ones and what `messages` shows already. */
export function recordedInputs(messages: unknown, inputs: Record<string, unknown>, hidden: string) {
  const set = Object.entries(inputs).filter(
    ([name, value]) => name !== hidden && value !== "" && value !== undefined && value !== null,
  );
  return { messages, ...Object.fromEntries(set) };
}

/** Tells a last node's readers what came with the answer. */
export function emitExtras(
  { nodeId, emit }: NodeRun,
  extras: {
    usedTools?: UsedTool[];
    sourceDocuments?: unknown[];
    artifacts?: unknown[];
    files?: unknown[];
    calls?: ToolCall[];
    usage?: Usage | undefined;
  },
): void {
  const { usedTools = [], sourceDocuments = [], artifacts = [], files = [] } = extras;
  if (usedTools.length > 0) emit({ type: "tool.used", nodeId, tools: usedTools });
  if (sourceDocuments.length > 0)
    emit({ type: "sources.found", nodeId, documents: sourceDocuments });
  if (artifacts.length > 0) emit({ type: "artifacts.made", nodeId, artifacts });
  emit({ type: "tool.called", nodeId, calls: (extras.calls ?? []).map(calledTool) });
  if (extras.usage) emit({ type: "usage", nodeId, usage: extras.usage });
  if (files.length > 0) emit({ type: "files.cited", nodeId, files });
}

/** A call whose result is not there yet. */
export const calledTool = ({ name, args }: ToolCall) => ({
  tool: name,
  toolInput: args,
  toolOutput: "",
});

export const timed = (start: number, end: number) => ({ start, end, delta: end - start });
