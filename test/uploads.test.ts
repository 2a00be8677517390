import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call, stream, textOf } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";
import { retrievalFlow } from "./widget/flows.ts";

const said = "Is it tea? rid=said [[n=3]]";
let split: Split;
let simulator: Simulator;
let ears: Server;
let hearing: string;
const heard: string[] = [];
beforeAll(async () => {
  [split, simulator] = await Promise.all([openSplit(), openSimulator({ ttftMs: 2, gapMs: 1 })]);
  ears = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    heard.push(body);
    const deaf = body.includes("noise");
    response.writeHead(deaf ? 400 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(deaf ? { error: "only noise" } : { text: said }));
  });
  await new Promise<void>((done) => ears.listen(0, "127.0.0.1", done));
  const baseUrl = `http://127.0.0.1:${(ears.address() as AddressInfo).port}/v1`;
  hearing = JSON.stringify({ localAISTT: { status: true, baseUrl, credentialId: "" } });
});
afterAll(async () => {
  ears?.close();
  await Promise.all([split?.close(), simulator?.close()]);
});

const uri = (mime: string, text: string) =>
  `data:${mime};base64,${Buffer.from(text).toString("base64")}`;
const recording = (text: string) => ({
  type: "audio",
  name: "said.webm",
  mime: "audio/webm;codecs=opus",
  data: uri("audio/webm;codecs=opus", text),
});

describe("a recording stands in place of the question", () => {
  test.each(["CHATFLOW", "AGENTFLOW"])("of a %s", async (type) => {
    const flow =
      type === "CHATFLOW" ? retrievalFlow(simulator.url) : chain(start(), llm(simulator));
    const id = await store(split, flow, { type, speechToText: hearing });
    const chatId = `spoken-${type}`;
    const body = { question: "", chatId, uploads: [recording("tea")] };
    const answer = await ask(split.url, id, body);
    expect(answer.json).toMatchObject({ text: "said:0 said:1 said:2 ", question: said });
    expect(heard.at(-1)).toContain("tea");

    const messages = (
      await call(split.url, "GET", `/chatmessage/${id}?chatId=${chatId}`, { key: split.key })
    ).json;
    expect(messages[0]).toMatchObject({ role: "userMessage", content: said });
    expect(messages[0].fileUploads).toMatchObject([{ type: "stored-file", name: "said.webm" }]);
    const query = `chatflowId=${id}&chatId=${chatId}&fileName=said.webm`;
    const file = await fetch(`${split.url}/api/v1/get-upload-file?${query}`);
    expect([await file.text(), file.headers.get("content-type")]).toEqual(["tea", "video/webm"]);
  });

  test("and one that is not understood fails with the provider's words", async () => {
    const id = await store(split, retrievalFlow(simulator.url), {
      type: "CHATFLOW",
      speechToText: hearing,
    });
    const answer = await ask(split.url, id, { question: "", uploads: [recording("noise")] });
    expect(answer.status).toBe(500);
    expect(answer.json.message).toContain("only noise");
  });

  test("and is told so in a stream", async () => {
    const id = await store(split, retrievalFlow(simulator.url), {
      type: "CHATFLOW",
      speechToText: hearing,
    });
    const body = { question: "", streaming: true, uploads: [recording("tea")] };
    const events = await (await stream(split.url, id, body)).ended;
    expect(textOf(events)).toBe("said:0 said:1 said:2 ");
    const metadata = events.find(({ event }) => event === "metadata");
    expect(metadata?.data).toMatchObject({ question: said });
  });
});

describe("whole files", () => {
  const takes = (types: string) =>
    JSON.stringify({ fullFileUpload: { status: true, allowedUploadFileTypes: types } });
  const attach = (id: string, chatId: string, ...files: [string, string, string][]) => {
    const body = new FormData();
    for (const [name, type, text] of files) body.append("files", new File([text], name, { type }));
    return fetch(`${split.url}/api/v1/attachments/${id}/${chatId}`, { method: "POST", body });
  };
  const fileAt = (id: string, chatId: string, fileName: string) => {
    const query = new URLSearchParams({ chatflowId: id, chatId, fileName });
    return fetch(`${split.url}/api/v1/get-upload-file?${query}`);
  };

  test("are read, kept with the conversation and given back", async () => {
    const flow = retrievalFlow(simulator.url);
    const chatbotConfig = takes("text/plain,text/html");
    const id = await store(split, flow, { type: "CHATFLOW", chatbotConfig });
    const reply = await attach(
      id,
      "c1",
      ["a.txt", "text/plain", "Tea"],
      ["b.html", "text/html", "<b>"],
    );
    expect(await reply.json()).toEqual([
      { name: "a.txt", mimeType: "text/plain", size: 3, content: "Tea" },
      { name: "b.html", mimeType: "text/html", size: 3, content: "<b>" },
    ]);
    const text = await fileAt(id, "c1", "a.txt");
    expect([text.status, await text.text()]).toEqual([200, "Tea"]);
    const page = await fileAt(id, "c1", "b.html");
    expect(page.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''b.html");
    expect((await fileAt(id, "c2", "a.txt")).status).toBe(404);
  });

  test("are refused by type, and where a flow takes none", async () => {
    const flow = retrievalFlow(simulator.url);
    const some = await store(split, flow, { type: "CHATFLOW", chatbotConfig: takes("text/csv") });
    const none = await store(split, flow, { type: "CHATFLOW" });
    for (const id of [some, none])
      expect((await attach(id, "c", ["a.txt", "text/plain", "Tea"])).status).toBe(400);
  });

  test("have names that are odd, and no name that is too long", async () => {
    const flow = retrievalFlow(simulator.url);
    const id = await store(split, flow, {
      type: "CHATFLOW",
      chatbotConfig: takes("text/plain,image/svg+xml"),
    });
    const chatId = "\u{1f375}".repeat(200);
    expect((await attach(id, chatId, [`${chatId}.txt`, "text/plain", "Tea"])).status).toBe(200);
    expect((await fileAt(id, "x".repeat(5000), "a.txt")).status).toBe(404);
    expect((await attach(id, "x".repeat(501), ["a.txt", "text/plain", "Tea"])).status).toBe(400);
    const body = JSON.stringify({ chatflowId: id, chatId: "\ud800", fileName: "\ud800" });
    const init = { method: "POST", body, headers: { "content-type": "application/json" } };
    const place = `${split.url}/api/v1/openai-assistants-file/download`;
    expect((await fetch(place, init)).status).toBe(404);

    const form = new FormData();
    form.append("files", new File(["<svg onload='x()'/>"], "a.svg", { type: "image/svg+xml" }));
    form.append("base64", "true");
    const at = `${split.url}/api/v1/attachments/${id}/c`;
    expect((await fetch(at, { method: "POST", body: form })).status).toBe(200);
    const drawing = await fileAt(id, "c", "a.svg");
    expect(drawing.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
    expect(drawing.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("are not found by ways around", async () => {
    const id = await store(split, retrievalFlow(simulator.url), { type: "CHATFLOW" });
    for (const [chatId, name] of [
      ["c", "../c1/a.txt"],
      ["c", "..\\a.txt"],
      ["../../etc", "passwd"],
      ["c", ".."],
    ] as const)
      expect((await fileAt(id, chatId, name)).status).toBe(400);
    const missing = await fetch(`${split.url}/api/v1/get-upload-file?chatflowId=${id}`);
    const { message } = (await missing.json()) as { message: string };
    expect([missing.status, message]).toEqual([500, "Invalid file path"]);
  });
});
