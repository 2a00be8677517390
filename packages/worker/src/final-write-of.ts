import type { FinalMessage, FinalWrite } from "@sluice/core/prediction/final-write";
import type {
  PredictionJob,
  PredictionRequest,
  PredictionResult,
  PredictionState,
} from "@sluice/core/prediction/prediction";
import type { Outcome } from "@sluice/engine/run";

/** What a run leaves in Postgres. A failed run leaves its record, but no messages. */
export function finalWriteOf(
  job: PredictionJob,
  request: PredictionRequest,
  outcome: Outcome,
  ended: {
    state: PredictionState;
    fence: number;
    result: PredictionResult;
    events: string;
    checkpoint?: string | undefined;
  },
): FinalWrite {
  const { startedAt, endedAt } = ended.result;
  const { records, ...kept } = ended.result;
  const answered = ended.state === "succeeded" || ended.state === "paused";
  return {
    prediction: {
      id: job.id,
      flowId: job.flowId,
      flowVersion: job.flowVersion,
      chatId: job.chatId,
      sessionId: job.sessionId,
      state: ended.state,
      fence: ended.fence,
      segment: job.segment,
      result: JSON.stringify(kept),
      error: outcome.error ?? null,
      executionId: outcome.chat ? null : job.executionId,
      createdAt: new Date(job.acceptedAt),
      startedAt: new Date(startedAt),
      finishedAt: new Date(endedAt),
      events: ended.events,
      checkpoint: ended.checkpoint ?? null,
    },
    // A chatflow leaves no record of its nodes.
    execution: outcome.chat
      ? undefined
      : {
          state: outcome.status,
          data: JSON.stringify(outcome.run.records),
          action: outcome.action ? JSON.stringify(outcome.action) : null,
          stoppedAt: outcome.status === "STOPPED" ? new Date(endedAt) : null,
        },
    messages: answered ? messagesOf(job, request, outcome, endedAt) : [],
  };
}

function messagesOf(
  job: PredictionJob,
  request: PredictionRequest,
  outcome: Outcome,
  endedAt: number,
): FinalMessage[] {
  const output = outcome.chat?.body ?? outcome.run.records.at(-1)?.data.output ?? {};
  const json = (value: unknown) =>
    value === undefined || value === null || (Array.isArray(value) && value.length === 0)
      ? null
      : JSON.stringify(value);
  const memoryType = outcome.chat ? (outcome.chat.memoryType ?? "") : null;
  const shared = { chatType: job.chatType, memoryType };
  const uploads = request.uploads?.map(({ data, ...upload }) => upload);
  return [
    {
      ...shared,
      id: crypto.randomUUID(),
      role: "userMessage",
      content: storable(said(request, outcome)),
      fileUploads: json(uploads),
      leadEmail: request.leadEmail ?? null,
      createdAt: new Date(job.acceptedAt),
    },
    {
      ...shared,
      id: job.messageId,
      role: "apiMessage",
      content: storable(outcome.text),
      sourceDocuments: json(output.sourceDocuments),
      usedTools: json(output.usedTools),
      fileAnnotations: json(output.fileAnnotations),
      artifacts: json(output.artifacts),
      reasonContent: json(output.reasonContent),
      action: json(outcome.action),
      followUpPrompts: json(outcome.chat?.followUpPrompts ?? outcome.followUpPrompts),
      createdAt: new Date(Math.max(endedAt, job.acceptedAt + 1)),
    },
  ];
}

function said({ question, humanInput, webhook }: PredictionRequest, { run }: Outcome): string {
  if (question) return question;
  if (humanInput) return humanInput.feedback || " ";
  // Only a flow that begins with a form takes one as what the user said.
  const form = run.records[0]?.data.output?.form;
  if (typeof form === "string") return form;
  return webhook ? JSON.stringify(webhook) : " ";
}

/** Postgres takes every character but this one. */
const storable = (text: string) => text.replaceAll("\u0000", "");
