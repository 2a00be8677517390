import { expect, test } from "vitest";
import { json, type Reply, scriptedProvider, sse } from "./models/scripted-provider.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";

async function runAgent(
  model: string,
  inputs: Record<string, unknown>,
  replies: Reply[],
  config: Record<string, unknown> = {},
) {
  const provider = await scriptedProvider(...replies);
  const graph = drawFlow({
    start_0: { to: ["agent_0"] },
    agent_0: {
      inputs: {
        agentModel: model,
        agentModelConfig: { basepath: provider.url, modelName: "m", ...config },
        agentEnableMemory: true,
        agentTools: "",
        ...inputs,
      },
    },
  });
  const saved = new Map<string, string>();
  const told = await runFlow(
    graph,
    { question: "Tea?" },
    {
      services: {
        fetch: provider.fetch,
        modelBaseUrls: { anthropic: provider.url, gemini: provider.url },
        async saveFile(name, content) {
          saved.set(name, content.toString());
          return name;
        },
      },
    },
  );
  return {
    ...told,
    saved,
    requests: provider.requests,
    output: told.run.records.at(-1)!.data.output!,
  };
}

const delta = (text: string) => ({ type: "response.output_text.delta", delta: text });
const completed = (...output: object[]) => ({
  type: "response.completed",
  response: {
    id: "resp_1",
    model: "m-1",
    status: "completed",
    output,
    usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
  },
});
const message = (text: string, annotations: object[] = []) => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text, annotations }],
});

test("OpenAI's own tools are asked for through the Responses API and shown as used", async () => {
  const search = { type: "web_search_call", status: "completed", action: { query: "tea" } };
  const { output, tokens, requests, events } = await runAgent(
    "chatOpenAI",
    { agentToolsBuiltInOpenAI: '["web_search_preview"]' },
    [sse(delta("Oolong "), delta("it is."), completed(search, message("Oolong it is.")))],
    { temperature: 0.5, maxTokens: 9 },
  );
  expect(tokens).toBe("Oolong it is.");
  const used = [{ tool: "web_search", toolInput: { query: "tea" }, toolOutput: "completed" }];
  expect(output).toMatchObject({ content: "Oolong it is.", usedTools: used });
  expect(events).toContainEqual({ type: "tool.used", nodeId: "agentAgentflow_0", tools: used });
  expect(requests[0]).toMatchObject({ path: "/responses" });
  expect(requests[0]?.body).toEqual({
    model: "m",
    temperature: 0.5,
    max_output_tokens: 9,
    input: [{ role: "user", content: "Tea?" }],
    tools: [{ type: "web_search_preview" }],
    include: [],
    store: false,
    stream: true,
  });
});

test("a call of the agent's tool goes back among what the model put out", async () => {
  const reasoning = { type: "reasoning", id: "rs_1", encrypted_content: "x", summary: [] };
  const call = {
    type: "function_call",
    call_id: "call_1",
    name: "calculator",
    arguments: '{"input":"6*7"}',
  };
  const { output, requests } = await runAgent(
    "chatOpenAI",
    {
      agentToolsBuiltInOpenAI: ["code_interpreter"],
      agentTools: [{ agentSelectedTool: "calculator", agentSelectedToolConfig: {} }],
    },
    [sse(completed(reasoning, call)), sse(delta("42"), completed(message("42")))],
  );
  expect(output).toMatchObject({ content: "42", usedTools: [{ tool: "calculator" }] });
  expect(requests[1]?.body).toMatchObject({
    input: [
      { role: "user" },
      reasoning,
      call,
      { type: "function_call_output", call_id: "call_1", output: "42" },
    ],
    tools: [
      { type: "function", name: "calculator" },
      { type: "code_interpreter", container: { type: "auto" } },
    ],
  });
});

test("images and cited files of OpenAI's tools are kept and linked, and not in the record", async () => {
  const image = { type: "image_generation_call", status: "completed", result: btoa("a picture") };
  const code = {
    type: "code_interpreter_call",
    status: "completed",
    code: "print(1)",
    outputs: [{ type: "logs", logs: "1" }],
  };
  const cited = {
    type: "container_file_citation",
    container_id: "cntr_1",
    file_id: "cfile_1",
    filename: "tea.csv",
  };
  const text = "See [tea](sandbox:/mnt/data/tea.csv).";
  const { output, saved, requests, run } = await runAgent(
    "chatOpenAI",
    { agentToolsBuiltInOpenAI: '["code_interpreter","image_generation"]' },
    [
      json(completed(code, image, message(text, [cited])).response),
      (response) => response.end("a,b"),
    ],
    { streaming: false },
  );
  expect(requests[1]?.path).toBe("/containers/cntr_1/files/cfile_1/content");
  expect([...saved]).toEqual([
    ["artifact_an-id.png", "a picture"],
    ["an-id_tea.csv", "a,b"],
  ]);
  expect(output).toMatchObject({
    content:
      "See [tea](/api/v1/get-upload-file?chatflowId=f&chatId=c&fileName=an-id_tea.csv&download=true).",
    artifacts: [{ type: "png", data: "FILE-STORAGE::artifact_an-id.png" }],
    fileAnnotations: [{ filePath: "an-id_tea.csv", fileName: "tea.csv" }],
    usedTools: [{ tool: "code_interpreter", toolInput: "print(1)", toolOutput: "1" }],
  });
  expect(JSON.stringify(run)).not.toContain(btoa("a picture"));
});

test("Anthropic's own tools are bound, and a turn that it pauses goes on", async () => {
  const message = (stop_reason: string, ...content: object[]) =>
    json({ id: "m", content, stop_reason, usage: { input_tokens: 1, output_tokens: 1 } });
  const asked = { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "tea" } };
  const found = { type: "web_search_tool_result", tool_use_id: "s1", content: [{ url: "u" }] };
  const { output, requests } = await runAgent(
    "chatAnthropic",
    { agentToolsBuiltInAnthropic: '["web_search_20250305","web_fetch_20250910"]' },
    [
      message("pause_turn", { type: "text", text: "Let me look. " }, asked, found),
      message("end_turn", { type: "text", text: "Oolong." }),
    ],
    { streaming: false },
  );
  expect(output).toMatchObject({
    content: "Let me look. Oolong.",
    usedTools: [{ tool: "web_search", toolInput: { query: "tea" }, toolOutput: [{ url: "u" }] }],
    usageMetadata: { total_tokens: 4 },
  });
  expect(requests[0]?.body.tools).toEqual([
    { type: "web_search_20250305", name: "web_search" },
    { type: "web_fetch_20250910", name: "web_fetch" },
  ]);
  expect(requests[0]?.headers["anthropic-beta"]).toBe("web-fetch-2025-09-10");
  expect(requests[1]?.body.messages.at(-1)).toMatchObject({
    role: "assistant",
    content: [{ type: "text" }, asked, found],
  });
});

test("Gemini's own tools are bound, and its searches and runs of code shown as used", async () => {
  const parts = [
    { executableCode: { language: "PYTHON", code: "print(1)" } },
    { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1\n" } },
    { text: "One." },
  ];
  const groundingMetadata = {
    webSearchQueries: ["tea"],
    groundingChunks: [{ web: { uri: "https://tea.test", title: "Tea" } }],
  };
  const { output, requests } = await runAgent(
    "chatGoogleGenerativeAI",
    {
      agentToolsBuiltInGemini: '["googleSearch","codeExecution","urlContext"]',
      agentToolsBuiltInOpenAI: '["web_search_preview"]',
    },
    [sse({ candidates: [{ content: { parts }, finishReason: "STOP", groundingMetadata }] })],
  );
  expect(output.content).toBe("\n```python\nprint(1)\n```\n\n```\n1\n```\nOne.");
  expect(output.usedTools).toMatchObject([
    { tool: "codeExecution", toolInput: { code: "print(1)" }, toolOutput: "1\n" },
    { tool: "googleSearch", toolInput: { queries: ["tea"] }, toolOutput: [{ title: "Tea" }] },
  ]);
  expect(requests[0]?.body.tools).toEqual([
    { googleSearch: {} },
    { codeExecution: {} },
    { urlContext: {} },
  ]);
});

test("a built-in tool that nobody knows, and a failed response, end the run with their reason", async () => {
  const unknown = await runAgent("chatOpenAI", { agentToolsBuiltInOpenAI: '["x"]' }, []);
  expect(unknown.error).toContain("The built-in tool x of chatOpenAI is not supported");
  const error = { code: "invalid_request_error", message: "No such tool" };
  const failed = await runAgent(
    "chatOpenAI",
    { agentToolsBuiltInOpenAI: '["web_search_preview"]' },
    [sse({ type: "response.failed", response: { status: "failed", error } })],
  );
  expect(failed.error).toBe("Error in Agent node: No such tool");
});
