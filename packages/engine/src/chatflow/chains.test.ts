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

const conversation = {
  chatOpenAI_0: { inputs: { modelName: "gpt" } },
  bufferWindowMemory_0: { inputs: { k: "1" }, label: "Window" },
  conversationChain_0: {
    inputs: {
      model: instance("chatOpenAI_0"),
      memory: instance("bufferWindowMemory_0"),
      systemMessagePrompt: "Be {kind}, {input}.",
    },
  },
};
const past = ["one", "two", "three"].map((content, i) => ({
  role: i % 2 === 0 ? "user" : "assistant",
  content,
}));

test("a conversation sends its system message, what it remembers and the question, and streams", async () => {
  const { requests, services } = await providerOf(says("Green tea."));
  const told = await askChatflow(drawChatflow(conversation), {}, { ...services, past });
  expect(told).toMatchObject({ status: "FINISHED", text: "Green tea.", tokens: "Green tea." });
  expect(told.chat).toEqual({ body: { text: "Green tea." }, memoryType: "Window" });
  expect(told.events[0]).toEqual({
    type: "chat.started",
    nodeId: "conversationChain_0",
    text: "Green ",
  });
  expect(requests[0]?.body.messages).toEqual([
    { role: "system", content: "Be {kind}, tea?." },
    { role: "assistant", content: "two" },
    { role: "user", content: "three" },
    { role: "user", content: "tea?" },
  ]);
});

test("nobody listens: the model is asked without a stream and nothing is told", async () => {
  const { requests, services } = await providerOf(answers("Green tea."));
  const told = await askChatflow(drawChatflow(conversation), { stream: false }, services);
  expect(told).toMatchObject({ text: "Green tea.", events: [] });
  expect(requests[0]?.body.stream).toBe(false);
});

test("a chain's answer goes into the next prompt as it was said", async () => {
  const { requests, services } = await providerOf(answers('Assam "best"\ntea'), says("Fine."));
  const graph = drawChatflow({
    chatOpenAI_0: {},
    promptTemplate_0: { inputs: { template: "Name a {thing}" } },
    llmChain_0: {
      inputs: { model: instance("chatOpenAI_0"), prompt: instance("promptTemplate_0") },
      output: "outputPrediction",
    },
    promptTemplate_1: {
      accepts: ["json:promptValues"],
      inputs: {
        template: "Praise {name} FLOWISE",
        promptValues: `{"name":"${instance("llmChain_0")}FLOWISE_NEWLINEend"}`,
      },
    },
    llmChain_1: {
      inputs: { model: instance("chatOpenAI_0"), prompt: instance("promptTemplate_1") },
      output: "llmChain",
    },
  });
  const told = await askChatflow(graph, {}, services);
  expect(told.tokens).toBe("Fine.");
  expect(requests.map(({ body }) => body.messages[0].content)).toEqual([
    "Name a tea?",
    'Praise Assam "best"\ntea\nend FLOWISE',
  ]);
});

test("an answer that does not parse is repaired by the model where the author wants it", async () => {
  const { requests, services } = await providerOf(
    answers("seven"),
    answers("```json\n{score: 7, surplus: 1,}\n```"),
  );
  const graph = drawChatflow({
    chatOpenAI_0: {},
    promptTemplate_0: { inputs: { template: "Rate {thing}" } },
    structuredOutputParser_0: {
      inputs: {
        autofixParser: true,
        jsonStructure: '[{"property":"score","type":"number","description":"how good"}]',
      },
    },
    llmChain_0: {
      inputs: {
        model: instance("chatOpenAI_0"),
        prompt: instance("promptTemplate_0"),
        outputParser: instance("structuredOutputParser_0"),
      },
    },
  });
  const told = await askChatflow(graph, { stream: false }, services);
  expect(told.chat?.body).toEqual({ json: { score: 7 } });
  expect(told.text).toBe('```json\n{\n  "score": 7\n}');
  expect(requests[1]?.body.messages[0].content).toContain("seven");
});

test("the prompt that fits is chosen, and answers", async () => {
  const choice = {
    choices: [
      {
        message: {
          tool_calls: [{ id: "1", function: { name: "choose", arguments: '{"name":"physics"}' } }],
        },
        finish_reason: "tool_calls",
      },
    ],
  };
  const { requests, services } = await providerOf(json(choice), says("E=mc²"));
  const prompt = (name: string) => ({
    inputs: { name, description: `about ${name}`, systemMessage: `You know ${name}.` },
  });
  const graph = drawChatflow({
    chatOpenAI_0: {},
    promptRetriever_0: prompt("history"),
    promptRetriever_1: prompt("physics"),
    multiPromptChain_0: {
      inputs: {
        model: instance("chatOpenAI_0"),
        promptRetriever: [instance("promptRetriever_0"), instance("promptRetriever_1")],
      },
    },
  });
  const told = await askChatflow(graph, {}, services);
  expect(told.tokens).toBe("E=mc²");
  expect(requests[1]?.body.messages[0]).toEqual({ role: "system", content: "You know physics." });
});

test("examples stand between prefix and suffix", async () => {
  const { requests, services } = await providerOf(says("sad"));
  const graph = drawChatflow({
    chatOpenAI_0: {},
    promptTemplate_0: { inputs: { template: "{word} -> {opposite}" } },
    fewShotPromptTemplate_0: {
      inputs: {
        examples: '[{"word":"tall",\n"opposite":"short"}]',
        examplePrompt: instance("promptTemplate_0"),
        prefix: "Opposites:",
        suffix: "{input} ->",
        exampleSeparator: "",
      },
    },
    llmChain_0: {
      inputs: { model: instance("chatOpenAI_0"), prompt: instance("fewShotPromptTemplate_0") },
    },
  });
  await askChatflow(graph, { question: "happy" }, services);
  expect(requests[0]?.body.messages[0].content).toBe("Opposites:\n\ntall -> short\n\nhappy ->");
});

test("a failure before the ending's turn is told in Flowise's words", async () => {
  const graph = drawChatflow({
    chatOpenAI_0: {},
    customFunction_0: { inputs: { javascriptFunction: "throw new Error('no tea')" } },
    promptTemplate_0: {
      accepts: ["json:promptValues"],
      inputs: { template: "{x}", promptValues: `{"x":"${instance("customFunction_0")}"}` },
    },
    llmChain_0: {
      inputs: { model: instance("chatOpenAI_0"), prompt: instance("promptTemplate_0") },
    },
  });
  const told = await askChatflow(graph);
  expect(told).toMatchObject({ status: "ERROR", error: "Error: no tea" });
});

test("a canceled run closes the model's connection", async () => {
  const stop = new AbortController();
  const { requests, services } = await providerOf(() => stop.abort());
  const told = await askChatflow(
    drawChatflow(conversation),
    {},
    { ...services, signal: stop.signal },
  );
  expect(told.status).toBe("TERMINATED");
  await expect.poll(() => requests[0]?.closedEarly).toBe(true);
});
