import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { GuardedInit } from "../http/guarded-fetch.ts";
import { ModelError, type ModelSetting } from "../model.ts";
import { baseUrl, credentialField, flagInput, textInput } from "../models/model-input.ts";
import { withRetry } from "../models/retry.ts";
import { type Audio, audioForm } from "./audio-form.ts";

type Transcribe = (setting: ModelSetting, audio: Audio, signal: AbortSignal) => Promise<string>;

const maxWaitMs = 300_000;
const pauseMs = 1000;
const Said = z.object({ text: z.string() });

/** The words of a recording, by the provider of this name. */
export function transcribe(
  provider: string,
  setting: ModelSetting,
  audio: Audio,
  signal: AbortSignal,
): Promise<string> {
  const ask = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  return ask
    ? ask(setting, audio, signal)
    : Promise.reject(new Error(`The speech-to-text provider ${provider} is not supported`));
}

/** Providers that speak OpenAI's wire. */
const openAiWire =
  (place: {
    key: string;
    provider: string;
    url: (setting: ModelSetting) => string;
    model: string;
  }): Transcribe =>
  async (setting, audio, signal) => {
    const { body, type } = await audioForm(
      { field: "file", audio },
      {
        model: textInput(setting, "model") ?? place.model,
        language: textInput(setting, "language"),
        prompt: textInput(setting, "prompt"),
        temperature: textInput(setting, "temperature"),
      },
    );
    const key = credentialField(setting, place.key);
    const headers = { "content-type": type, ...(key && { authorization: `Bearer ${key}` }) };
    const base = baseUrl(setting.baseUrls[place.provider], place.url(setting));
    const said = await call(setting, `${base}/audio/transcriptions`, { headers, body }, signal);
    return Said.parse(said).text;
  };

const Upload = z.object({ upload_url: z.string() });
const Transcript = z.object({
  id: z.string().regex(/^[\w-]+$/),
  status: z.string(),
  text: z.string().nullish(),
  error: z.string().nullish(),
});

/** AssemblyAI takes the recording, then is asked until it has heard it. */
const assemblyAi: Transcribe = async (setting, audio, signal) => {
  const base = baseUrl(setting.baseUrls.assemblyAi, "https://api.assemblyai.com/v2");
  const authorization = credentialField(setting, "assemblyAIApiKey") ?? "";
  const bytes = { "content-type": "application/octet-stream", authorization };
  const json = { "content-type": "application/json", authorization };
  const sent = await call(setting, `${base}/upload`, { headers: bytes, body: audio.bytes }, signal);
  const body = JSON.stringify({
    audio_url: Upload.parse(sent).upload_url,
    ...(flagInput(setting, "bestTier") && { speech_model: "best" }),
  });
  const begun = await call(setting, `${base}/transcript`, { headers: json, body }, signal);
  const deadline = performance.now() + maxWaitMs;
  for (let heard = Transcript.parse(begun); ; ) {
    if (heard.status === "completed") return heard.text ?? "";
    if (heard.status === "error") throw new ModelError(heard.error ?? "AssemblyAI has failed");
    if (performance.now() > deadline) throw new ModelError("AssemblyAI has not answered in time");
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    const url = `${base}/transcript/${heard.id}`;
    heard = Transcript.parse(
      await call(setting, url, { method: "GET", headers: { authorization } }, signal),
    );
  }
};

const Phrases = z.object({ combinedPhrases: z.array(Said).default([]) });

const azure: Transcribe = async (setting, audio, signal) => {
  const region = credentialField(setting, "serviceRegion") ?? "";
  if (!/^[\w-]+$/.test(region)) throw new Error("Azure speech: the credential names no region");
  const version = credentialField(setting, "apiVersion") ?? "2024-11-15";
  const base = baseUrl(
    setting.baseUrls.azureSpeech,
    `https://${region}.cognitiveservices.azure.com`,
  );
  const definition = {
    locales: [textInput(setting, "language") ?? "en-US"],
    profanityFilterMode: textInput(setting, "profanityFilterMode") ?? "Masked",
    channels: (textInput(setting, "channels") ?? "0,1").split(",").map(Number),
  };
  const form = await audioForm(
    { field: "audio", audio },
    { definition: JSON.stringify(definition) },
  );
  const url = `${base}/speechtotext/transcriptions:transcribe?api-version=${encodeURIComponent(version)}`;
  const key = credentialField(setting, "azureSubscriptionKey") ?? "";
  const headers = { "content-type": form.type, "ocp-apim-subscription-key": key };
  const said = await call(setting, url, { headers, body: form.body }, signal);
  const { combinedPhrases } = Phrases.parse(said);
  return combinedPhrases.map(({ text }) => text).join(" ");
};

const providers: Record<string, Transcribe> = {
  openAIWhisper: openAiWire({
    key: "openAIApiKey",
    provider: "openai",
    url: () => "https://api.openai.com/v1",
    model: "whisper-1",
  }),
  localAISTT: openAiWire({
    key: "localAIApiKey",
    provider: "localAi",
    url: (setting) => baseUrl(textInput(setting, "baseUrl"), "http://localhost:8080/v1"),
    model: "whisper-1",
  }),
  groqWhisper: openAiWire({
    key: "groqApiKey",
    provider: "groq",
    url: () => "https://api.groq.com/openai/v1",
    model: "whisper-large-v3",
  }),
  assemblyAiTranscribe: assemblyAi,
  azureCognitive: azure,
};

/** One call, tried again where that may help. */
const call = (
  { fetch }: ModelSetting,
  url: string,
  init: GuardedInit,
  signal: AbortSignal,
): Promise<unknown> =>
  withRetry({ signal }, async () => {
    const response = await fetch(url, { method: "POST", ...init, signal, timeoutMs: 120_000 });
    const { status } = response;
    if (status >= 200 && status < 300) return response.json();
    const words = (await response.text()).slice(0, 300);
    const retryable = status === 429 || status >= 500;
    throw new ModelError(`${status} ${words}`, { status, retryable });
  });
