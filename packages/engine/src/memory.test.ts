import { expect, test } from "vitest";
import type { HistoryMessage } from "./event.ts";
import { type Memory, remembered } from "./memory.ts";
import type { ChatModel } from "./model.ts";
import type { NodeRun } from "./node.ts";

const history: HistoryMessage[] = Array.from({ length: 10 }, (_, i) => ({
  role: i % 2 ? "assistant" : "user",
  content: `message ${i}`,
}));

/** What is remembered, and what the model was asked to sum up. */
async function remember(memory: Partial<Memory>, before: HistoryMessage[] = [], said = history) {
  const asked: string[] = [];
  const model = {
    async generate({ messages }: { messages: { content: string }[] }) {
      asked.push(messages[0]?.content ?? "");
      return { text: "summary" };
    },
  } as unknown as ChatModel;
  const full = { type: "", window: undefined, maxTokens: 2000, ...memory };
  const context = { services: { signal: new AbortController().signal } } as NodeRun;
  const messages = await remembered(full, said, before, model, context);
  return { texts: messages.map(({ role, content }) => `${role}: ${content}`), asked };
}
const all = history.map(({ role, content }) => `${role}: ${content}`);

test.each([
  ["allMessages", {}, all],
  ["", {}, all],
  ["windowSize", { window: 2 }, all.slice(-4)],
  ["windowSize", { window: 50 }, all],
  ["windowSize", { window: undefined }, all],
  ["windowSize", { window: 0 }, all],
  ["conversationSummaryBuffer", { maxTokens: 2000 }, all],
])("%s with %j keeps these, without asking the model", async (type, more, expected) => {
  expect(await remember({ type, ...more })).toEqual({ texts: expected, asked: [] });
});

test("a summary takes the place of everything", async () => {
  const { texts, asked } = await remember({ type: "conversationSummary" });
  expect(texts).toEqual(["assistant: summary"]);
  expect(asked).toHaveLength(1);
  for (const line of all) expect(asked[0]).toContain(line);
});

test("a buffer sums up the oldest and keeps the newest word for word", async () => {
  const { texts, asked } = await remember({ type: "conversationSummaryBuffer", maxTokens: 15 });
  expect(texts[0]).toBe("system: Previous conversation summary: summary");
  expect(texts.slice(1)).toEqual(all.slice(-(texts.length - 1)));
  const kept = texts.length - 1;
  expect(kept).toBeGreaterThan(0);
  expect(asked[0]).toContain(all[all.length - kept - 1]);
  expect(asked[0]).not.toContain(all[all.length - kept]);
});

test("beside a system message a summary is the user's", async () => {
  const system = [{ role: "system", content: "s" }];
  const { texts } = await remember({ type: "conversationSummaryBuffer", maxTokens: 1 }, system);
  expect(texts).toEqual(["user: Previous conversation summary: summary"]);
});

test.each(["conversationSummary", "conversationSummaryBuffer", "windowSize", "allMessages"])(
  "%s of nothing is nothing",
  async (type) => {
    expect(await remember({ type }, [], [])).toEqual({ texts: [], asked: [] });
  },
);
