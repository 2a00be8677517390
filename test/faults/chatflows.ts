import { drawChatflow, instance } from "../../packages/engine/src/chatflow/chatflow-test-bench.ts";
import type { FlowiseEvent } from "../client.ts";
import { textOf } from "../client.ts";
import { type Split, store } from "../split.ts";

/** Chatflows that ask a streaming model, and what makes the simulator play its part in them. */
export const chatflows = {
  "conversation chain": { ending: "conversationChain_0", knobs: "" },
  "tool agent": { ending: "toolAgent_0", knobs: "tool " },
} as const;
export type ChatflowKind = keyof typeof chatflows;
export const chatflowKinds = Object.keys(chatflows) as ChatflowKind[];

/** Stores a chatflow whose model is at `modelUrl`. */
export function storeChatflow(
  split: Pick<Split, "url" | "key">,
  kind: ChatflowKind,
  modelUrl: string,
): Promise<string> {
  const graph = drawChatflow({
    chatOpenAI_0: {
      category: "Chat Models",
      inputs: { modelName: "simulated", basepath: `${modelUrl}/v1`, streaming: true },
    },
    bufferMemory_0: {},
    calculator_0: {},
    [chatflows[kind].ending]: {
      inputs: {
        model: instance("chatOpenAI_0"),
        memory: instance("bufferMemory_0"),
        ...(kind === "tool agent" && { tools: [instance("calculator_0")] }),
      },
    },
  });
  return store(split, graph, { type: "CHATFLOW" });
}

/** A question that is answered with `tokens` numbered words, after a tool where there is one. */
export const questionOf = (kind: ChatflowKind, tokens: number, gapMs: number) =>
  `rid=c [[${chatflows[kind].knobs}ttft=10 n=${tokens} gap=${gapMs}]]`;
export const answerOf = (tokens: number) =>
  Array.from({ length: tokens }, (_, i) => `c:${i} `).join("");

/** What a Flowise client shows of a chatflow: each `start` opens a bubble. */
export function chatBubbles(events: FlowiseEvent[]): string[] {
  const starts = events.flatMap(({ event }, i) => (event === "start" ? [i] : []));
  return starts.map((from, i) => textOf(events.slice(from, starts[i + 1])));
}
