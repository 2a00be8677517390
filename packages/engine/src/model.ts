import type { GuardedFetch } from "./http/guarded-fetch.ts";

/** One port for every chat model: messages, tools and a schema in, deltas and one answer out. */
export interface ChatModel {
  /** Flowise's component name, e.g. `chatOpenAI`. */
  readonly component: string;
  /** The model's id at its provider, e.g. `gpt-4o-mini`. */
  readonly modelName: string;
  /** False when the author switched streaming off; unset means on. */
  readonly streaming: boolean;
  /** True when image uploads of a request may be sent to this model. */
  readonly allowsImages: boolean;
  /**
   * Asks the model once. Provider errors before the first delta are retried inside (bounded, honouring
   * `retry-after`, never `insufficient_quota`). Rejects with {@link ModelError}, or with the signal's reason.
   */
  generate(request: ModelRequest): Promise<ModelAnswer>;
}

export interface ModelRequest {
  messages: ChatMessage[];
  tools?: ToolDefinition[];
  /** Tools that the provider runs itself, in the provider's own wire shape. */
  providerTools?: Record<string, unknown>[];
  toolChoice?: "auto" | "any" | { name: string };
  /** Asks for one JSON object of this shape; the answer's `structured` holds it. */
  schema?: { name: string; description?: string; schema: JsonSchema };
  signal: AbortSignal;
  /** Called for each piece of text as it arrives; its presence asks for a stream. */
  onText?: (text: string) => void;
  onReasoning?: (text: string) => void;
}

export interface ModelAnswer {
  text: string;
  reasoning?: string;
  toolCalls: ToolCall[];
  structured?: Record<string, unknown>;
  /** LangChain's names, tokens. */
  usage?: Usage;
  /** What the provider says of its answer; kept in records, never compared. */
  metadata: Record<string, unknown>;
  /** Images and files the provider made, as data. */
  images?: { mime: string; base64: string }[];
  /** Files the provider's tools made; `link` is how the text speaks of one. */
  files?: { name: string; base64: string; link?: string }[];
  /** What the provider's own tools were asked and said. */
  providerCalls?: ProviderCall[];
}

export interface ProviderCall {
  tool: string;
  toolInput: unknown;
  toolOutput: unknown;
}

export interface Usage {
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  input_token_details?: Record<string, number>;
  output_token_details?: Record<string, number>;
}

export interface ChatMessage {
  role: "system" | "developer" | "user" | "assistant" | "tool";
  content: string | ContentPart[];
  name?: string;
  toolCalls?: ToolCall[];
  toolCallId?: string;
  /** Stored images that came with an earlier answer. Providers take no images from an assistant. */
  images?: { name: string; mime: string }[];
  /**
   * The `metadata` of the answer this assistant message came from. Pass it on in a tool round: some providers refuse
   * the next call without the signed thinking that is kept in it.
   */
  metadata?: Record<string, unknown>;
}

export type ContentPart =
  | { type: "text"; text: string }
  /** `url` is `https://…` or a data URI. */
  | { type: "image_url"; image_url: { url: string } };

export interface ToolCall {
  id: string;
  name: string;
  /** Parsed arguments; the raw text under `__raw` where the model sent no valid JSON object. */
  args: Record<string, unknown>;
}

export interface ToolDefinition {
  name: string;
  description: string;
  schema: JsonSchema;
}

export type JsonSchema = Record<string, unknown>;

/** What an embedded model component is built from: `…Config` of the node and the fields of its credential. */
export interface ModelSetting {
  inputs: Record<string, unknown>;
  credential: Record<string, string>;
  fetch: GuardedFetch;
  /** Base URLs an operator sets for providers without such an input, e.g. `{ anthropic: "http://…" }`. */
  baseUrls: Record<string, string | undefined>;
}

export interface ChatModelComponent {
  /** Flowise's component name. */
  name: string;
  create(setting: ModelSetting): ChatModel;
}

export const defineChatModel = (component: ChatModelComponent): ChatModelComponent => component;

/** A provider refused or failed. The message is the one Flowise's users know: `<status> <provider's words>`. */
export class ModelError extends Error {
  readonly status: number | undefined;
  readonly retryable: boolean;
  /** How long the provider asks to wait. */
  readonly retryAfterMs: number | undefined;
  constructor(
    message: string,
    options: { status?: number; retryable?: boolean; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "ModelError";
    this.status = options.status;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}
