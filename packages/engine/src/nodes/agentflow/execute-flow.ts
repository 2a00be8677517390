import JSON5 from "json5";
import { z } from "zod";
import { messageName } from "../../conversation.ts";
import type { HistoryMessage } from "../../event.ts";
import { text } from "../../input.ts";
import { defineNode, type NodeRun } from "../../node.ts";
import { runSubflow } from "../../subflow.ts";

const inputs = z.object({
  executeFlowSelectedFlow: text,
  executeFlowInput: text,
  executeFlowOverrideConfig: z.unknown().optional(),
  executeFlowBaseURL: text,
  executeFlowReturnResponseAs: text,
});

/** Puts a question to another flow: one of ours in this process, one of another server over HTTP. */
export const executeFlow = defineNode({
  name: "executeFlowAgentflow",
  updateState: "executeFlowUpdateState",
  inputs,
  async run(given, context) {
    const { executeFlowSelectedFlow: flowId, executeFlowInput: question } = given;
    if (!flowId) throw new Error("Please select a flow");
    const { run, isLast, emit, nodeId, label } = context;
    const asked = {
      question,
      ...overrideOf(given.executeFlowOverrideConfig),
    };
    const content = given.executeFlowBaseURL
      ? await askServer(given.executeFlowBaseURL, flowId, asked, context)
      : await askHere(flowId, asked, context);
    if (isLast) emit({ type: "text.delta", nodeId, text: content });
    const said: HistoryMessage = { role: "user", content: question };
    const role = given.executeFlowReturnResponseAs === "assistantMessage" ? "assistant" : "user";
    return {
      input: { messages: [said] },
      output: { content },
      chatHistory: [
        ...(run.history.length === 0 ? [said] : []),
        { role, content, name: messageName(label) },
      ],
    };
  },
});

interface Asked {
  question: string;
  overrideConfig?: Record<string, unknown>;
}

function overrideOf(value: unknown): Pick<Asked, "overrideConfig"> {
  const parsed = typeof value === "string" && value.trim() ? JSON5.parse(value) : value;
  return typeof parsed === "object" && parsed !== null ? { overrideConfig: parsed } : {};
}

/** A failure of the other flow is its answer: authors branch on it. */
async function askHere(flowId: string, asked: Asked, context: NodeRun): Promise<string> {
  const runId = context.executionId();
  const { text: answer, error } = await runSubflow(
    flowId,
    { ...asked, ...(runId !== undefined && { runId }) },
    context,
  );
  if (error === undefined) return answer;
  return contentOf({ statusCode: 500, success: false, message: error, stack: {} });
}

async function askServer(
  baseUrl: string,
  flowId: string,
  asked: Asked,
  { credentialId, request, services }: NodeRun,
): Promise<string> {
  const { chatflowApiKey } = credentialId ? await services.credential(credentialId) : {};
  const url = `${baseUrl.replace(/\/+$/, "")}/api/v1/prediction/${encodeURIComponent(flowId)}`;
  const response = await services.fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "flowise-tool": "true",
      ...(chatflowApiKey && { authorization: `Bearer ${chatflowApiKey}` }),
    },
    body: JSON.stringify({ ...asked, chatId: request.chatId }),
    signal: services.signal,
  });
  const body = await response.text();
  try {
    return contentOf(JSON.parse(body));
  } catch {
    return body;
  }
}

/** `json` stays in the unclosed fence that Flowise puts it in. */
function contentOf(body: unknown): string {
  const { text: answer, json } = (body ?? {}) as { text?: unknown; json?: unknown };
  if (typeof answer === "string" && answer) return answer;
  if (json !== undefined) return `\`\`\`json\n${JSON.stringify(json, null, 2)}`;
  return JSON.stringify(body, null, 2);
}
