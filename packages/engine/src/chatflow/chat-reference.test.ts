import { expect, test } from "vitest";
import { type ChatScope, compileChatInput, resolveChatInput } from "./chat-reference.ts";

const instances: Record<string, unknown> = {
  llmChain_0: 'say "hi"\nnow',
  json_0: '{"a":{"b":"deep"}}',
  tools_0: ["one", "two"],
  model_0: { generate: true },
};
const scope: ChatScope = {
  question: 'a "quoted"\nquestion with {{chat_history}}',
  fileText: "<doc>",
  chatHistory: "Human: hi",
  variables: { city: "Lisbon" },
  flow: { chatId: "c1" },
  instance: (id) => instances[id],
};
const resolve = (value: unknown, rule: { accepts?: boolean; isJson?: boolean } = {}) =>
  resolveChatInput(compileChatInput(value, rule), scope);
const json = { accepts: true, isJson: true };

test("an input that names another node becomes what that node made", () => {
  expect(resolve("{{model_0.data.instance}}")).toBe(instances.model_0);
  expect(resolve("text around {{llmChain_0.data.instance}}")).toBe('say "hi"\nnow');
  expect(resolve("{{json_0.data.instance.a.b}}")).toBe("deep");
  expect(resolve("{{gone_0.data.instance}}")).toBe("{{gone_0.data.instance}}");
});

test("a list of connections is flat even where a node made a list", () => {
  expect(resolve(["{{tools_0.data.instance}}", "{{model_0.data.instance}}"])).toEqual([
    "one",
    "two",
    instances.model_0,
  ]);
});

test("only variables and flow values are looked up in inputs that accept nothing else", () => {
  expect(resolve("{{question}} {{$vars.city}} {{$flow.chatId}} {{$vars.none}}")).toBe(
    "{{question}} Lisbon c1 {{$vars.none}}",
  );
  expect(resolve({ city: "{{$vars.city}}", n: 1 })).toEqual({ city: "Lisbon", n: 1 });
});

test("what goes into JSON text cannot break out of it", () => {
  const text = resolve('{"q":"{{question}}","said":"{{llmChain_0.data.instance}}"}', json);
  expect(JSON.parse(String(text))).toEqual({ q: scope.question, said: instances.llmChain_0 });
  expect(JSON.parse(String(resolve('{"x":"{{model_0.data.instance}}"}', json)))).toEqual({
    x: '{"generate":true}',
  });
});

test("what was put in is not looked at again", () => {
  expect(resolve("{{question}} / {{chat_history}}", { accepts: true })).toBe(
    `${scope.question} / Human: hi`,
  );
});

test("names are taken as they stand and unknown ones stay", () => {
  expect(resolve("{{ question }} {{x}} {{{question}}}", { accepts: true })).toBe(
    "{{ question }} {{x}} {{{question}}}",
  );
});
