import { expect, test } from "vitest";
import {
  type Conversation,
  conversationOf,
  messageName,
  spoken,
  toChatMessage,
} from "./conversation.ts";
import type { HistoryMessage } from "./event.ts";
import type { ChatModel } from "./model.ts";
import type { NodeRun } from "./node.ts";
import { newRunState } from "./run-state.ts";

const model = { allowsImages: false } as ChatModel;
const past: HistoryMessage[] = [{ role: "user", content: "before" }];
const memory = { type: "allMessages", window: undefined, maxTokens: 2000 };
const none: Conversation = { configured: [], memory: undefined, userMessage: "" };

function run({
  input = "now",
  said = [] as HistoryMessage[],
  history = undefined as unknown,
} = {}): NodeRun {
  const request = { flowId: "f", chatId: "c", sessionId: "s", messageId: "m", history };
  return {
    label: "My LLM",
    input,
    request,
    run: { ...newRunState("start"), history: said },
    past: async () => past,
    services: {},
  } as unknown as NodeRun;
}
const sent = async (conversation: Partial<Conversation>, context = run()) =>
  (await conversationOf({ ...none, ...conversation }, model, context)).map(
    ({ role, content }) => `${role}: ${content}`,
  );
const rows = (...pairs: [string, string][]) => pairs.map(([role, content]) => ({ role, content }));
const earlier = { said: [{ role: "assistant", content: "first" }] };

test.each([
  ["the first node sends what was said", {}, {}, ["user: now"]],
  [
    "a system message goes first",
    { configured: rows(["assistant", "a"], ["system", "s"]) },
    {},
    ["system: s", "assistant: a", "user: now"],
  ],
  [
    "a user message of its own takes the place of what was said",
    { configured: rows(["user", "u"]) },
    {},
    ["user: u"],
  ],
  [
    "rows without content are left out",
    { configured: rows(["system", ""], ["assistant", ""]) },
    {},
    ["user: now"],
  ],
  [
    "a later node without memory sends its own alone",
    { configured: rows(["system", "s"]) },
    earlier,
    ["system: s"],
  ],
  ["memory brings the past and the run", { memory }, earlier, ["user: before", "assistant: first"]],
  [
    "memory of the first node brings what was said, too",
    { memory },
    {},
    ["user: before", "user: now"],
  ],
  [
    "a user message follows memory",
    { memory, userMessage: "and?" },
    earlier,
    ["user: before", "assistant: first", "user: and?"],
  ],
  ["a user message needs memory", { userMessage: "and?" }, earlier, []],
  ["nothing said, nothing sent", {}, { input: "" }, []],
  [
    "the request's history goes before the first node's",
    {},
    { history: [{ role: "apiMessage", content: "h" }] },
    ["assistant: h", "user: now"],
  ],
  [
    "the request's history is not for later nodes",
    { memory },
    { ...earlier, history: [{ role: "apiMessage", content: "h" }] },
    ["user: before", "assistant: first"],
  ],
] as [string, Partial<Conversation>, Parameters<typeof run>[0], string[]][])(
  "%s",
  async (_title, conversation, context, expected) => {
    expect(await sent(conversation, run(context))).toEqual(expected);
  },
);

test("the answer joins the run's history after what was said, once", () => {
  const answer = { content: "yes", returnAs: "userMessage", sent: [] };
  expect(spoken(none, answer, run())).toEqual([
    { role: "user", content: "now" },
    { role: "user", content: "yes", name: "my_llm" },
  ]);
  expect(spoken(none, { ...answer, returnAs: "assistantMessage" }, run(earlier))).toEqual([
    { role: "assistant", content: "yes", name: "my_llm" },
  ]);
  const own = { ...none, configured: rows(["system", "s"], ["user", "u"]) };
  expect(spoken(own, answer, run())[0]).toEqual({ role: "user", content: "u" });
});

test("a message keeps its name and its tools on the way to the model", () => {
  expect(messageName("My  LLM 2")).toBe("my__llm_2");
  const call = { id: "1", name: "t", arguments: {} };
  expect(
    toChatMessage({
      role: "assistant",
      content: "x",
      name: "n",
      tool_calls: [call],
      tool_call_id: "1",
    }),
  ).toEqual({ role: "assistant", content: "x", name: "n", toolCalls: [call], toolCallId: "1" });
  expect(toChatMessage({ role: "user", content: "x", tool_calls: [] })).toEqual({
    role: "user",
    content: "x",
  });
});
