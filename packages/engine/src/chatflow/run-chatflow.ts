import type { UsedTool } from "../event.ts";
import type { FlowFix } from "../flow-fix.ts";
import { loadChatNode } from "../nodes/chatflow-registry.ts";
import { permittedVariables } from "../override.ts";
import { uploadedText } from "../request.ts";
import type { Outcome } from "../run.ts";
import type { RunInput } from "../run-input.ts";
import { newRunState } from "../run-state.ts";
import type { Services } from "../services.ts";
import { followUpQuestions, postProcessed } from "./after-answer.ts";
import type { ChatNodeRun, ChatResult, ChatRun } from "./chat-node.ts";
import { type ChatMemory, Refusal } from "./chat-parts.ts";
import { initialise } from "./initialise.ts";
import { checkModerations } from "./moderate.ts";
import type { ChatPlan, PlannedChatNode } from "./plan-chatflow.ts";
import { contextOf, preparedInputs } from "./prepare-chat-inputs.ts";
import { openVoice, sayWords } from "./voice.ts";

/** Runs a chatflow: makes what its ending needs, then lets it answer. Failures are an outcome, not an exception. */
export async function runChatflow(
  plan: ChatPlan,
  request: RunInput,
  services: Services,
  fixes?: ReadonlySet<FlowFix>,
): Promise<Outcome> {
  const run = { ...newChatRun(plan, request, services), ...(fixes && { fixes }) };
  try {
    const { ending, instances } = await initialise(plan, run);
    const said = await answer(ending, instances, run);
    const body = await postProcessed(said, plan.settings?.postProcessing, run);
    const text = storedText(body);
    const followUps = await followUpQuestions(text, plan.settings?.followUp, run);
    const shown = Object.keys(run.shown).length > 0 ? { flowVariables: run.shown } : {};
    return {
      status: "FINISHED",
      text,
      chat: {
        body,
        ...memoryType(plan),
        ...shown,
        ...(followUps && { followUpPrompts: followUps }),
      },
      run: newRunState(ending.id),
    };
  } catch (cause) {
    return failed(plan, services, cause);
  }
}

const memoryType = ({ memory }: ChatPlan) => (memory ? { memoryType: memory.label } : {});

function failed(plan: ChatPlan, { signal }: Services, cause: unknown): Outcome {
  const message = cause instanceof Error ? cause.message : String(cause);
  return {
    status: signal.aborted ? "TERMINATED" : "ERROR",
    text: "",
    error: signal.aborted ? "Flow execution was cancelled" : message,
    chat: { body: {}, ...memoryType(plan) },
    run: newRunState(""),
  };
}

export function newChatRun(plan: ChatPlan, request: RunInput, services: Services): ChatRun {
  const files = uploadedText(request);
  const question = request.question ?? "";
  let past: ReturnType<ChatRun["past"]> | undefined;
  let variables: ReturnType<ChatRun["variables"]> | undefined;
  return {
    request,
    services,
    question: files ? `${files}\n\n${question}` : question,
    past() {
      past ??= request.newConversation
        ? Promise.resolve([])
        : services.pastMessages(request.sessionId);
      return past;
    },
    variables() {
      variables ??= services.variables().then((stored) => ({
        ...stored,
        ...permittedVariables(request.overrideConfig?.vars, request.permissions),
      }));
      return variables;
    },
    flow: {
      chatflowid: request.flowId,
      chatflowId: request.flowId,
      chatId: request.chatId,
      sessionId: request.sessionId,
      apiMessageId: request.messageId,
    },
    dynamic: {},
    shown: {},
    scope: request.flowId,
    remembers: plan.memory !== undefined,
  };
}

async function answer(
  ending: PlannedChatNode,
  instances: Map<string, unknown>,
  run: ChatRun,
): Promise<ChatResult> {
  const { services, request } = run;
  const component = await loadChatNode(ending.name);
  if (!component.run) throw new Error(`${ending.label} cannot end a flow`);
  const inputs = await preparedInputs(ending, instances, run);
  const context: ChatNodeRun = contextOf(ending, inputs, run);
  if (request.stream) context.voice = openVoice(ending.id, services.emit);
  try {
    await checkModerations(inputs.inputModeration, run.question);
    const body = await component.run(inputs, context);
    if (request.stream) tell(body, ending.id, services);
    await keep(inputs.memory, run.question, body);
    return body;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    sayWords(context.voice, error.message);
    return { text: error.message };
  }
}

/** A memory of its own learns what was said; a refused question is not part of the conversation. */
async function keep(memory: unknown, question: string, { text }: ChatResult): Promise<void> {
  if (typeof text === "string") await (memory as ChatMemory | undefined)?.keep?.(question, text);
}

/** What came with the answer, in Flowise's order. */
function tell(body: ChatResult, nodeId: string, { emit }: Services): void {
  const list = <T>(value: unknown) => (Array.isArray(value) ? (value as T[]) : []);
  const documents = list(body.sourceDocuments);
  const tools = list<UsedTool>(body.usedTools);
  const artifacts = list(body.artifacts);
  const files = list(body.fileAnnotations);
  if (documents.length > 0) emit({ type: "sources.found", nodeId, documents });
  if (tools.length > 0) emit({ type: "tool.used", nodeId, tools });
  if (artifacts.length > 0) emit({ type: "artifacts.made", nodeId, artifacts });
  if (files.length > 0) emit({ type: "files.cited", nodeId, files });
}

/** The answer as it stands among the messages; an object is fenced as Flowise fences it, without an end. */
function storedText(body: ChatResult): string {
  if (typeof body.text === "string") return body.text;
  if (body.json !== undefined) return `\`\`\`json\n${JSON.stringify(body.json, null, 2)}`;
  return JSON.stringify(body, null, 2);
}
