import { createHash } from "node:crypto";
import type { ChatModel, ModelAnswer, ModelRequest } from "../model.ts";
import type { Embeddings } from "../retrieval/embeddings.ts";
import type { AnswerCache } from "./chat-parts.ts";
import { sayWords } from "./voice.ts";

/** Tells questions apart: whatever changes an answer is in it. */
const nameOf = (...parts: unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("base64url");

/** Secrets change no answer, and what is connected is no setting. */
const settingsOf = ({ cache, credentialId, ...settings }: Record<string, unknown>) => settings;

/** A model that answers again what it was asked before, word by word to those who listen. */
export function cachedModel(
  model: ChatModel,
  cache: AnswerCache,
  inputs: Record<string, unknown>,
): ChatModel {
  return {
    ...model,
    async generate(request) {
      const name = nameOf(model.component, settingsOf(inputs), asked(request));
      const [known] = await cache.read([name], request.signal);
      const before = known && parsed(known);
      if (before) {
        const { onText } = request;
        if (onText && before.text) sayWords({ begin() {}, say: onText }, before.text);
        return before;
      }
      const answer = await model.generate(request);
      const { usage, ...kept } = answer;
      await cache.write([[name, JSON.stringify(kept)]], request.signal);
      return answer;
    },
  };
}

const asked = ({ messages, tools, providerTools, toolChoice, schema }: ModelRequest) => [
  messages.map(({ metadata, ...message }) => message),
  tools,
  providerTools,
  toolChoice,
  schema,
];

function parsed(text: string): ModelAnswer | undefined {
  try {
    return JSON.parse(text) as ModelAnswer;
  } catch {
    return undefined;
  }
}

/** Embeddings that do not ask again for a document they have embedded; questions are always asked. */
export function cachedEmbeddings(
  embeddings: Embeddings,
  cache: AnswerCache,
  scope: unknown,
): Embeddings {
  return {
    ...embeddings,
    async embedDocuments(texts, signal) {
      const names = texts.map((text) => nameOf(scope, text));
      const known = (await cache.read(names, signal)).map(readVector);
      const missing = texts.flatMap((_, i) => (known[i] ? [] : [i]));
      if (missing.length === 0) return known as number[][];
      const made = await embeddings.embedDocuments(
        missing.map((i) => texts[i]!),
        signal,
      );
      missing.forEach((i, at) => {
        known[i] = made[at];
      });
      await cache.write(
        missing.map((i, at) => [names[i]!, writeVector(made[at]!)]),
        signal,
      );
      return known as number[][];
    },
  };
}

const writeVector = (vector: number[]): string =>
  Buffer.from(Float64Array.from(vector).buffer).toString("base64");

function readVector(text: string | undefined): number[] | undefined {
  if (!text) return undefined;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === 0 || bytes.length % 8 !== 0) return undefined;
  return Array.from(new Float64Array(new Uint8Array(bytes).buffer));
}
