import { z } from "zod";
import type { ChatMessage, ChatModel } from "../model.ts";
import type { Embeddings } from "../retrieval/embeddings.ts";
import type { RecordManager } from "../retrieval/record-manager.ts";
import type { Retriever } from "../retrieval/retriever.ts";
import type { Splitter } from "../retrieval/splitter.ts";
import type { VectorStore } from "../retrieval/vector-store.ts";
import type { Tool } from "../tool.ts";
import type { Prompt } from "./prompt.ts";

/** What a conversation remembers. */
export interface ChatMemory {
  kind: "memory";
  /** Messages before the question, oldest first; those of the request in front; images where the model may see them. */
  messages(model: ChatModel): Promise<ChatMessage[]>;
  /** Keeps what was asked and answered, where that is not the flow's own saved messages. */
  keep?(question: string, answer: string): Promise<void>;
}

/** Keeps what models have answered. Reading and writing never fail but by the signal. */
export interface AnswerCache {
  kind: "cache";
  read(names: string[], signal: AbortSignal): Promise<(string | undefined)[]>;
  write(entries: [name: string, value: string][], signal: AbortSignal): Promise<void>;
}

/** Checks what the user asks; rejects with a {@link Refusal} to answer that instead. */
export interface Moderation {
  kind: "moderation";
  check(question: string): Promise<void>;
}

/** What a moderation answers in place of the flow. */
export class Refusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Refusal";
  }
}

/** Turns the text of a model into a value. */
export interface OutputParser {
  kind: "parser";
  /** What the model is told of the form. */
  instructions: string;
  /** Throws when the text has not that form. */
  parse(text: string): unknown;
  /** Asks the model to repair what does not parse. */
  repairs: boolean;
}

/** Something that answers a question by itself. */
export interface Chain {
  kind: "chain";
  name: string;
  description: string;
  ask(question: string): Promise<string>;
}

/** A prompt among which a router chooses. */
export interface PromptChoice {
  kind: "promptChoice";
  name: string;
  description: string;
  systemMessage: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const ofKind =
  (...kinds: string[]) =>
  (value: unknown) =>
    isObject(value) && kinds.includes(String(value.kind));
const part = <T>(test: (value: unknown) => boolean, name: string) =>
  z.custom<T>(test, `nothing is connected here that is ${name}`);

/** The input schemas of connections. */
export const model = part<ChatModel>(
  (value) => isObject(value) && typeof value.generate === "function",
  "a chat model",
);
export const tool = part<Tool>(
  (value) => isObject(value) && typeof value.call === "function",
  "a tool",
);
export const memory = part<ChatMemory>(ofKind("memory"), "a memory");
export const prompt = part<Prompt>(ofKind("prompt"), "a prompt");
export const moderation = part<Moderation>(ofKind("moderation"), "a moderation");
export const parser = part<OutputParser>(ofKind("parser"), "an output parser");
export const chain = part<Chain>(ofKind("chain"), "a chain");
export const promptChoice = part<PromptChoice>(ofKind("promptChoice"), "a prompt retriever");
export const cache = part<AnswerCache>(ofKind("cache"), "a cache");
export const embeddings = part<Embeddings>(ofKind("embeddings"), "an embedding");
export const splitter = part<Splitter>(ofKind("splitter"), "a text splitter");
export const retriever = part<Retriever>(ofKind("retriever", "vectorStore"), "a retriever");
export const recordManager = part<RecordManager>(ofKind("recordManager"), "a record manager");
export const document = z.object({
  pageContent: z.string(),
  metadata: z.record(z.string(), z.unknown()).default({}),
});
export const vectorStore = part<VectorStore>(ofKind("vectorStore"), "a vector store");

const unset = (value: unknown) => (value === "" || value === null ? undefined : value);
/** A connection that may be left open. */
export const optional = <T extends z.ZodType>(schema: T) => z.preprocess(unset, schema.optional());
/** Any number of connections. */
export const several = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => {
    const set = unset(value);
    return set === undefined ? [] : Array.isArray(set) ? set.filter((one) => unset(one)) : [set];
  }, z.array(schema));
