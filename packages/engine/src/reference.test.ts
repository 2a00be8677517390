import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compileValue,
  getPath,
  type ReferenceScope,
  referencesIn,
  resolveValue,
} from "./reference.ts";

const scope: ReferenceScope = {
  question: "Why?",
  fileText: "",
  form: { city: "Lisbon", tags: ["a", "b"], nothing: null },
  webhook: { body: { id: 7 } },
  variables: { shop: "Nets & Co" },
  flow: { chatId: "c1", state: { count: 3, user: { name: "Ada" } } },
  iteration: { value: { name: "item", list: [1, 2] } },
  loopCount: 2,
  runMessages: 4,
  chatHistory: () => "Human: hi\nAssistant: hello",
  now: () => "2026-01-02T03:04:05.000Z",
  output: (id) =>
    ({
      llmAgentflow_0: { content: "An answer", json: { n: 1, on: false, deep: [{ x: "y" }] } },
      httpAgentflow_0: { http: { data: { ok: true } } },
    })[id],
};
const resolve = async (value: unknown, more: Partial<ReferenceScope> = {}) =>
  resolveValue(await compileValue(value), { ...scope, ...more });

test.each([
  ["{{question}}", "Why?"],
  ["{{ question }} {{question}}", "Why? Why?"],
  ["{{$form.city}} and {{ $form.tags[1] }}", "Lisbon and b"],
  ["{{$form.tags}}", '["a","b"]'],
  ["{{$webhook.body.id}}", "7"],
  ["{{$vars.shop}}", "Nets & Co"],
  ["{{$flow.state.count}} {{$flow.state.user.name}} {{$flow.chatId}}", "3 Ada c1"],
  ["{{$iteration.name}} {{$iteration.list}}", "item [1,2]"],
  ["{{loop_count}} {{runtime_messages_length}}", "2 3"],
  ["{{current_date_time}}", "2026-01-02T03:04:05.000Z"],
  ["{{chat_history}}", "Human: hi\nAssistant: hello"],
  ["{{llmAgentflow_0}}", "An answer"],
  ["{{ llmAgentflow\\_0 }}", "An answer"],
  ["{{llmAgentflow_0.output.json.deep[0].x}}", "y"],
  ["{{httpAgentflow_0}}", '{"ok":true}'],
  ["{{llmAgentflow_0.output.json}}", '{"n":1,"on":false,"deep":[{"x":"y"}]}'],
])("%s is %s", async (text, expected) => {
  expect(await resolve(text)).toBe(expected);
});

test.each([
  "{{ llmAgentflow_9 }}",
  "{{ llmAgentflow_0.output.none }}",
  "{{$form.nothing}}",
  "{{$form.none}}",
  "{{$flow.state.none.deeper}}",
  "{{ output }}",
  "{{ output.next }}",
  "{{anything else}}",
  "{{ two\nlines }}",
  "{{}}",
  "{ {question} }",
])("%s stays as it is", async (text) => {
  expect(await resolve(text)).toBe(text);
});

describe("a reference that stands alone", () => {
  test.each([
    ["{{llmAgentflow_0.output.json.n}}", 1],
    ["{{llmAgentflow_0.output.json.on}}", false],
    [" {{llmAgentflow_0.output.json.n}}", " 1"],
    ["{{$flow.state.count}}", "3"],
  ])("%j is %j", async (text, expected) => {
    expect(await resolve(text)).toBe(expected);
  });
});

test("an item that is a text is itself, whatever path is asked of it", async () => {
  const iteration = { value: "pear" };
  expect(await resolve("{{$iteration}} {{$iteration.name}}", { iteration })).toBe("pear pear");
  // Flowise leaves falsy items out; they are items like any other.
  for (const value of [0, false, ""])
    expect(await resolve("<{{$iteration}}>", { iteration: { value } })).toBe(`<${value}>`);
});

test("text of whole files goes before an input that asks for the question, once", async () => {
  const files = { fileText: "<doc>x</doc>" };
  expect(await resolve("{{question}} {{question}}", files)).toBe("<doc>x</doc>\n\nWhy? Why?");
  expect(await resolve("nothing", files)).toBe("nothing");
  expect(await resolve("{{file_attachment}}", files)).toBe("<doc>x</doc>");
});

test("lists and objects are resolved in depth, and other values kept", async () => {
  const value = { rows: [{ key: "a", value: "{{question}}" }], on: true, n: 1, none: null };
  expect(await resolve(value)).toEqual({ ...value, rows: [{ key: "a", value: "Why?" }] });
});

test("rich text becomes markdown, and keeps its references", async () => {
  const html =
    "<p>Say <b>{{ question }}</b></p><p>&lt;now&gt; {{ <span>llmAgentflow_0</span> }}</p>";
  expect(await resolve(html)).toBe("Say **Why?**\n\n<now> An answer");
  expect(await resolve("<b>{{question}}</b>")).toBe("<b>Why?</b>");
});

test("values are put in as they are, patterns and references of theirs included", async () => {
  const dollar = { question: "$& $1 $` {{llmAgentflow_0}}" };
  expect(await resolve("a {{question}} b", dollar)).toBe("a $& $1 $` {{llmAgentflow_0}} b");
});

test("text without references is returned unchanged, whatever it is", () =>
  fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      fc.pre(!text.includes("{{") && !/^\s*<(p|div|h[1-6]|ul|ol|blockquote|pre|table)/i.test(text));
      expect(await resolve(text)).toBe(text);
    }),
    { numRuns: 300 },
  ));

test("every reference in a value is known before it runs", async () => {
  const compiled = await compileValue({ a: ["x {{ question }}", { b: "{{$vars.shop}}" }], c: 1 });
  expect([...referencesIn(compiled)]).toEqual(["question", "$vars.shop"]);
});

test.each([
  [{ a: { b: [{ c: 1 }] } }, "a.b[0].c", 1],
  [{ a: null }, "a.b", undefined],
  [{ a: "text" }, "a.length", undefined],
  [{}, "constructor", undefined],
  [{}, "__proto__.polluted", undefined],
  [undefined, "a", undefined],
])("the way through %j by %s ends at %j", (value, path, expected) => {
  expect(getPath(value, path)).toEqual(expected);
});
