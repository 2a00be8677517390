import { expect, test } from "vitest";
import { json } from "../models/scripted-provider.ts";
import { planFlow } from "../plan.ts";
import { run } from "../run.ts";
import type { Services } from "../services.ts";
import { readChatSettings } from "./chat-settings.ts";
import { answers, drawChatflow, instance, providerOf } from "./chatflow-test-bench.ts";

const graph = drawChatflow({
  chatOpenAI_0: {},
  conversationChain_0: { inputs: { model: instance("chatOpenAI_0") } },
});
const followUpPrompts = JSON.stringify({
  status: true,
  selectedProvider: "chatOpenAI",
  chatOpenAI: {
    credentialId: "c1",
    modelName: "gpt",
    temperature: "0.2",
    prompt: "After {history}?",
  },
});
const questions = (list: unknown) =>
  json({
    choices: [
      {
        message: {
          tool_calls: [
            {
              id: "1",
              function: { name: "questions", arguments: JSON.stringify({ questions: list }) },
            },
          ],
        },
      },
    ],
  });

async function ask(
  settings: { chatbotConfig: string | null; followUpPrompts: string | null },
  services: Partial<Services>,
) {
  const plan = await planFlow(graph, "CHATFLOW");
  plan.chat!.settings = readChatSettings(settings);
  const request = { flowId: "f", chatId: "c", sessionId: "s", messageId: "m", question: "tea?" };
  return run(plan, request, {
    credential: async () => ({}),
    pastMessages: async () => [],
    emit: () => {},
    signal: new AbortController().signal,
    code: {
      run: async ({ globals }: { globals: { $flow: { rawOutput: string } } }) => {
        if (globals.$flow.rawOutput === "bad") throw new Error("no");
        return { was: globals.$flow.rawOutput };
      },
    },
    ...services,
  } as unknown as Services);
}

const processing = JSON.stringify({
  postProcessing: { enabled: true, customFunction: JSON.stringify("return $flow.rawOutput") },
});

test("the author's function rewrites the answer, and its failure leaves it", async () => {
  const { services } = await providerOf(answers("Assam."), answers("bad"));
  const settings = { chatbotConfig: processing, followUpPrompts: null };
  const first = await ask(settings, services);
  expect(first.text).toBe('```json\n{\n  "was": "Assam."\n}\n```');
  expect((await ask(settings, services)).text).toBe("bad");
});

test("a model thinks up what may be asked next; without one the answer stands alone", async () => {
  const { requests, services } = await providerOf(
    answers("Assam."),
    questions(["Why?", "How?"]),
    answers("Assam."),
    json({ error: { message: "no" } }, 400),
  );
  const settings = { chatbotConfig: null, followUpPrompts };
  const first = await ask(settings, services);
  expect(first.chat?.followUpPrompts).toEqual(["Why?", "How?"]);
  expect(requests[1]?.body).toMatchObject({
    model: "gpt",
    temperature: 0.2,
    messages: [{ content: "After Assam.?" }],
  });
  const second = await ask(settings, services);
  expect(second).toMatchObject({ status: "FINISHED", text: "Assam." });
  expect(second.chat?.followUpPrompts).toBeUndefined();
});

test("settings that are off or broken are none", () => {
  expect(readChatSettings({ chatbotConfig: "{", followUpPrompts: '{"status":false}' })).toEqual({});
  expect(readChatSettings({ chatbotConfig: processing, followUpPrompts: null })).toEqual({
    postProcessing: "return $flow.rawOutput",
  });
});
