import { expect, test } from "vitest";
import { json } from "../models/scripted-provider.ts";
import {
  answers,
  askChatflow,
  drawChatflow,
  instance,
  providerOf,
  says,
} from "./chatflow-test-bench.ts";

const moderated = (moderation: string, inputs: Record<string, unknown>) =>
  drawChatflow({
    chatOpenAI_0: {},
    [moderation]: { inputs: { moderationErrorMessage: "Not that, please.", ...inputs } },
    promptTemplate_0: { inputs: { template: "{x}" } },
    llmChain_0: {
      inputs: {
        model: instance("chatOpenAI_0"),
        prompt: instance("promptTemplate_0"),
        inputModeration: [instance(moderation)],
      },
    },
  });

test("a denied phrase is answered with the message, word by word", async () => {
  const graph = moderated("inputModerationSimple_0", { denyList: "coffee\n\nTEA?" });
  const told = await askChatflow(graph);
  expect(told).toMatchObject({ status: "FINISHED", text: "Not that, please." });
  const deltas = told.events.filter(({ type }) => type === "text.delta");
  expect(deltas.map((event) => "text" in event && event.text)).toEqual([
    "Not",
    " that,",
    " please.",
  ]);
});

test("a model compares with each phrase until one is similar", async () => {
  const { requests, services } = await providerOf(answers("No"), answers("Yes."));
  const graph = moderated("inputModerationSimple_0", {
    denyList: "a\nb\nc",
    model: instance("chatOpenAI_0"),
  });
  const told = await askChatflow(graph, {}, services);
  expect(told.text).toBe("Not that, please.");
  expect(requests).toHaveLength(2);
});

test("what OpenAI flags is refused", async () => {
  const { requests, services } = await providerOf(json({ results: [{ flagged: true }] }));
  const told = await askChatflow(moderated("inputModerationOpenAI_0", {}), {}, services);
  expect(told.text).toBe("Not that, please.");
  expect(requests[0]).toMatchObject({ path: "/moderations", body: { input: "tea?" } });
});

const ending = (code: string) =>
  drawChatflow({
    customFunction_0: {
      output: "EndingNode",
      accepts: ["json:functionInputVariables"],
      inputs: {
        functionInputVariables: '{"q":"{{question}}","o":"{\\"a\\":1}"}',
        javascriptFunction: code,
      },
    },
  });

test("a function ends a flow with a text or a body of its own", async () => {
  const text = await askChatflow(ending("return [$q, $o.a, $flow.chatId].join(' ')"));
  expect(text.chat?.body).toEqual({ text: "tea? 1 c" });
  const object = await askChatflow(ending("return { n: 1, text: 'own' }"));
  expect(object.chat?.body).toEqual({ n: 1, text: "own" });
});

const branches = drawChatflow({
  chatOpenAI_0: {},
  ifElseFunction_0: {
    inputs: {
      ifFunction: "return $flow.input === 'tea?' && 'about tea'",
      elseFunction: "return 'else'",
    },
    to: ["returnTrue>promptTemplate_0", "returnFalse>promptTemplate_1"],
  },
  ...Object.fromEntries(
    [0, 1].flatMap((n) => [
      [
        `promptTemplate_${n}`,
        {
          accepts: ["json:promptValues"],
          inputs: {
            template: `${n}: {x}`,
            promptValues: `{"x":"${instance("ifElseFunction_0")}"}`,
          },
        },
      ],
      [
        `llmChain_${n}`,
        { inputs: { model: instance("chatOpenAI_0"), prompt: instance(`promptTemplate_${n}`) } },
      ],
    ]),
  ),
});

test.each([
  ["tea?", "0: about tea"],
  ["milk?", "1: else"],
])("to %s the branch %s answers, though both share a model", async (question, prompt) => {
  const { requests, services } = await providerOf(says("ok"));
  const told = await askChatflow(branches, { question }, services);
  expect(told.text).toBe("ok");
  expect(requests.map(({ body }) => body.messages[0].content)).toEqual([prompt]);
});

test("a variable that was set is got, and shown where the author wants it", async () => {
  const { requests, services } = await providerOf(says("ok"));
  const graph = drawChatflow({
    chatOpenAI_0: {},
    customFunction_0: { inputs: { javascriptFunction: "return 'Assam'" } },
    setVariable_0: {
      inputs: { input: instance("customFunction_0"), variableName: "tea", showOutput: true },
    },
    promptTemplate_0: {
      accepts: ["json:promptValues"],
      inputs: {
        template: "{a} {b}",
        promptValues: `{"a":"${instance("setVariable_0")}","b":"${instance("getVariable_0")}"}`,
      },
    },
    getVariable_0: { inputs: { variableName: "tea" } },
    llmChain_0: {
      inputs: { model: instance("chatOpenAI_0"), prompt: instance("promptTemplate_0") },
    },
  });
  const told = await askChatflow(graph, {}, services);
  expect(requests[0]?.body.messages[0].content).toBe("Assam Assam");
  expect(told.chat?.flowVariables).toEqual({ tea: "Assam" });
});
