import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openGuardedFetch } from "../http/open-guarded-fetch.ts";
import { recordingOf } from "./heard-question.ts";
import { readSpeechSetting } from "./speech-setting.ts";
import { transcribe } from "./transcribe.ts";

const audio = { name: "said.webm", mime: "audio/webm", bytes: Buffer.from("a recording") };

async function heardBy(provider: string, inputs: object, credential: object, ...replies: object[]) {
  const requests: { call: string; key: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { authorization, "ocp-apim-subscription-key": azureKey } = request.headers;
    const key = String(authorization ?? azureKey);
    requests.push({ call: `${request.method} ${request.url}`, key, body });
    const reply = replies.shift();
    response.writeHead(reply ? 200 : 400, { "content-type": "application/json" });
    response.end(JSON.stringify(reply ?? { error: "nothing left" }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: ["127.0.0.1"] });
  onTestFinished(async () => {
    await fetch.close();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const names = ["openai", "groq", "localAi", "assemblyAi", "azureSpeech"];
  const baseUrls = Object.fromEntries(names.map((name) => [name, url]));
  const setting = { inputs: { ...inputs }, credential: { ...credential }, fetch, baseUrls };
  const { signal } = new AbortController();
  return { text: await transcribe(provider, setting, audio, signal), requests };
}

test.each([
  ["openAIWhisper", "openAIApiKey", "whisper-1"],
  ["groqWhisper", "groqApiKey", "whisper-large-v3"],
  ["localAISTT", "localAIApiKey", "whisper-1"],
])("%s hears a recording in the language that is set", async (provider, field, model) => {
  const inputs = { language: "en", temperature: "" };
  const { text, requests } = await heardBy(provider, inputs, { [field]: "k" }, { text: "Tea?" });
  expect(text).toBe("Tea?");
  const [{ call, key, body } = { call: "", key: "", body: "" }] = requests;
  expect([call, key]).toEqual(["POST /audio/transcriptions", "Bearer k"]);
  for (const part of ['filename="said.webm"', "a recording", model, 'name="language"'])
    expect(body).toContain(part);
  expect(body).not.toContain("temperature");
});

test("AssemblyAI is asked until it has heard", async () => {
  const { text, requests } = await heardBy(
    "assemblyAiTranscribe",
    { bestTier: true },
    { assemblyAIApiKey: "k" },
    { upload_url: "https://cdn.example/u" },
    { id: "t1", status: "queued" },
    { id: "t1", status: "completed", text: "Tea?" },
  );
  expect(text).toBe("Tea?");
  expect(requests).toEqual([
    { call: "POST /upload", key: "k", body: "a recording" },
    {
      call: "POST /transcript",
      key: "k",
      body: '{"audio_url":"https://cdn.example/u","speech_model":"best"}',
    },
    { call: "GET /transcript/t1", key: "k", body: "" },
  ]);
});

test("Azure hears phrases", async () => {
  const said = { combinedPhrases: [{ text: "Tea," }, { text: "please?" }] };
  const credential = { serviceRegion: "eastus", azureSubscriptionKey: "k" };
  const { text, requests } = await heardBy("azureCognitive", {}, credential, said);
  expect(text).toBe("Tea, please?");
  expect(requests[0]?.call).toContain("/speechtotext/transcriptions:transcribe?api-version=");
  expect(requests[0]?.body).toContain('"locales":["en-US"]');
});

test("the first provider that is switched on hears, and only what browsers record", () => {
  const config = {
    openAIWhisper: { status: false, credentialId: "a" },
    groqWhisper: { status: true, credentialId: "b", model: "m" },
  };
  expect(readSpeechSetting(JSON.stringify(config))).toEqual({
    provider: "groqWhisper",
    credentialId: "b",
    inputs: { model: "m" },
  });
  expect([readSpeechSetting(null), readSpeechSetting("no json")]).toEqual([undefined, undefined]);
  const upload = (mime: string) => ({ type: "stored-file", name: "n", mime });
  const webm = upload("audio/webm;codecs=opus");
  expect(recordingOf([upload("audio/midi"), webm])).toBe(webm);
  expect(recordingOf([upload("image/png")])).toBeUndefined();
});
