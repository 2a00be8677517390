import { expect } from "vitest";
import { openSimulator, type Simulator } from "../../packages/simulator/src/simulator.ts";
import type { FlowiseEvent } from "../client.ts";
import { textOf } from "../client.ts";
import { chain, llm, start } from "../flows.ts";
import { type Split, store } from "../split.ts";
import { misplaced, type Reader, textByNode } from "./native.ts";

/** Two LLM nodes, each asking a model of its own, so that the calls of each can be counted. */
export interface TwoSteps {
  one: Simulator;
  two: Simulator;
  /** Stores the flow; tokens and gap are those of the second node, the first says five words. */
  store(
    split: Pick<Split, "url" | "key">,
    tokens: number,
    gapMs: number,
    firstGapMs?: number,
  ): Promise<string>;
  close(): Promise<unknown>;
}

/** The only one that streams: it is the last. */
export const secondNode = "llmAgentflow_1";
const says = (text: string) => ({ llmMessages: [{ role: "user", content: text }] });

export const secondText = (tokens: number) =>
  Array.from({ length: tokens }, (_, i) => `two:${i} `).join("");

/** A reader of our own stream has the second node's text once and whole, in order, and the end. */
export async function expectSecond(reader: Reader, tokens: number): Promise<void> {
  await reader.closed;
  expect(misplaced(reader.entries)).toEqual([]);
  expect(textByNode(reader.entries)).toEqual({ [secondNode]: secondText(tokens) });
  expect(reader.complete()).toBe(true);
}

export async function openTwoSteps(): Promise<TwoSteps> {
  const [one, two] = await Promise.all([openSimulator(), openSimulator()]);
  return {
    one,
    two,
    store: (split, tokens, gapMs, firstGapMs = 20) =>
      store(
        split,
        chain(
          start(),
          llm({ url: one.url }, says(`rid=one [[ttft=200 n=5 gap=${firstGapMs}]]`)),
          llm({ url: two.url }, says(`rid=two [[ttft=200 n=${tokens} gap=${gapMs}]]`), 1),
        ),
      ),
    close: () => Promise.all([one.close(), two.close()]),
  };
}

/** What a Flowise client shows: each `INPROGRESS` of the flow opens a bubble. */
export function bubbles(events: FlowiseEvent[]): string[] {
  const starts = events.flatMap(({ event, data }, i) =>
    event === "agentFlowEvent" && data === "INPROGRESS" ? [i] : [],
  );
  return starts.map((from, i) => textOf(events.slice(from, starts[i + 1])));
}

/** True when no piece of text stands twice in one bubble. */
export const isClean = (bubble: string) => {
  const words = bubble.trim().split(" ").filter(Boolean);
  return new Set(words).size === words.length;
};
