import type {
  LogEntry,
  PredictionEvent,
  PredictionResult,
} from "@sluice/core/prediction/prediction";
import type { NodeRecord } from "@sluice/engine/event";
import type { ChatOutcome } from "@sluice/engine/run";

/** A frame of Flowise's stream: `message:` and one `data:` line. `id` lets a reader come back to where it was. */
export const frame = (id: string, payload: object): string =>
  `message:\n${id && `id:${id}\n`}data:${JSON.stringify(payload)}\n\n`;
export const heartbeatFrame = ":heartbeat\n\n";

/** Turns the log of one prediction into Flowise's frames; the last ones end the stream. */
export function flowiseDialect(errorPrefix: string) {
  const records: NodeRecord[] = [];
  let isChat = false;

  function payloads(event: PredictionEvent): object[] {
    switch (event.type) {
      case "flow.started":
        records.splice(0, records.length, ...(event.records ?? []));
        return [{ event: "agentFlowEvent", data: "INPROGRESS" }];
      case "chat.started":
        isChat = true;
        return [{ event: "start", data: event.text }];
      case "node.started":
        return [nodeFrame(event, "INPROGRESS")];
      case "node.restarted":
        // The widget opens a new bubble, so that nothing stands twice in one; a chatflow's `start` does that.
        return isChat ? [] : [{ event: "agentFlowEvent", data: "INPROGRESS" }];
      case "text.delta":
        return [{ event: "token", data: event.text }];
      case "reasoning.delta":
        return [{ event: "thinking", data: event.text }];
      case "reasoning.finished":
        return [{ event: "thinking", data: "", duration: event.durationS }];
      case "tool.called":
        return [{ event: "calledTools", data: event.calls }];
      case "tool.used":
        return [{ event: "usedTools", data: event.tools }];
      case "sources.found":
        return [{ event: "sourceDocuments", data: event.documents }];
      case "artifacts.made":
        return [{ event: "artifacts", data: event.artifacts }];
      case "files.cited":
        return [{ event: "fileAnnotations", data: event.files }];
      case "usage":
        return [{ event: "usageMetadata", data: event.usage }];
      case "node.finished":
        if (event.inner) return [nodeFrame(event, "FINISHED")];
        records.push(...event.records);
        return [nodeFrame(event, "FINISHED"), executedFrame()];
      case "node.stopped":
        records.push(event.record);
        return [
          nodeFrame(event, "STOPPED"),
          executedFrame(),
          { event: "agentFlowEvent", data: "STOPPED" },
        ];
      case "node.failed":
        if (event.inner) return [nodeFrame(event, event.status, event.error)];
        records.push(event.record);
        return [nodeFrame(event, event.status, event.error), executedFrame()];
      case "flow.paused":
        return [{ event: "action", data: event.action }];
      case "flow.finished":
        return [{ event: "agentFlowEvent", data: event.status }];
      case "prediction.ended":
        return endPayloads(event.result, event.state, errorPrefix);
    }
  }

  const executedFrame = () => ({ event: "agentFlowExecutedData", data: records });

  return {
    frames: ({ id, event }: LogEntry): string =>
      payloads(event)
        .map((payload) => frame(id, payload))
        .join(""),
    ends: ({ event }: LogEntry): boolean => event.type === "prediction.ended",
  };
}

function nodeFrame(
  { nodeId, label }: { nodeId: string; label: string },
  status: string,
  error?: string,
): object {
  return {
    event: "nextAgentFlow",
    data: { nodeId, nodeLabel: label, status, ...(error !== undefined && { error }) },
  };
}

function endPayloads(result: PredictionResult, state: string, errorPrefix: string): object[] {
  const end = { event: "end", data: "[DONE]" };
  if (state !== "succeeded" && state !== "paused")
    return [{ event: "error", data: wordsOf(result.error ?? "The run failed", errorPrefix) }, end];
  const { chatId, messageId, question, sessionId, action, chat, followUpPrompts } = result;
  const metadata = {
    chatId,
    chatMessageId: messageId,
    ...(question && { question }),
    sessionId,
    ...(action && { action }),
    ...(chat && shownOf(chat)),
    ...(followUpPrompts && { followUpPrompts: JSON.stringify(followUpPrompts) }),
  };
  return [{ event: "metadata", data: metadata }, end];
}

/** What a chatflow shows beside its answer. */
const shownOf = ({ memoryType, flowVariables, followUpPrompts }: ChatOutcome) => ({
  ...(memoryType && { memoryType }),
  ...(followUpPrompts && { followUpPrompts: JSON.stringify(followUpPrompts) }),
  ...(flowVariables && { flowVariables }),
});

/** Flowise's words for a failed run; clients cut the prefix off. */
export function wordsOf(error: string, prefix: string): string {
  if (error.includes("401 Incorrect API key provided"))
    return "401 Unauthorized – check your API key and ensure it has access to the requested model.";
  return `${prefix}${error}`;
}

/** Flowise's JSON answer. */
export function flowiseAnswer(result: PredictionResult): Record<string, unknown> {
  const { text, question, form, chatId, messageId, executionId, sessionId, action, records, chat } =
    result;
  if (chat) {
    const ids = { chatId, chatMessageId: messageId, sessionId };
    return {
      ...chat.body,
      ...(question && { question }),
      ...ids,
      isStreamValid: false,
      ...(action && { action }),
      ...shownOf(chat),
      ...encodedTwice(chat.followUpPrompts),
    };
  }
  return {
    text,
    ...(question && { question }),
    ...(form && { form }),
    chatId,
    chatMessageId: messageId,
    executionId,
    ...(records && { agentFlowExecutedData: records }),
    ...(action && { action }),
    sessionId,
    ...encodedTwice(result.followUpPrompts),
  };
}

/** As Flowise encodes them in JSON. */
const encodedTwice = (followUpPrompts: string[] | undefined) =>
  followUpPrompts && { followUpPrompts: JSON.stringify(JSON.stringify(followUpPrompts)) };
