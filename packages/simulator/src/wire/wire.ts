/** A question to a model, whatever the wire it came over. */
export interface Ask {
  model: string;
  /** Text of the last user message. */
  question: string;
  /** Text of the system messages. */
  instructions: string;
  stream: boolean;
  /** The first tool on offer. */
  tool: Tool | undefined;
  /** A tool's result is among the messages. */
  toolAnswered: boolean;
  /** The asker wants token counts in the stream. */
  usage: boolean;
}

export interface Tool {
  name: string;
  schema: Record<string, unknown>;
}

/** The frames of one answer in a provider's format. */
export interface Reply {
  contentType: string;
  /** Before the first token. */
  head: string;
  token(text: string): string;
  tail(tokens: number): string;
  toolCall(tool: Tool, input: unknown): string;
  /** Not streamed: the whole answer. */
  whole(text: string, tokens: number): unknown;
  wholeToolCall(tool: Tool, input: unknown): unknown;
}

/** A provider's chat format. */
export interface Wire {
  matches(path: string): boolean;
  read(path: string, body: unknown): Ask;
  reply(ask: Ask, number: number): Reply;
  error(status: number, message: string): unknown;
}

/** A provider counts tokens; four characters are about one. */
export const promptTokens = (ask: Ask) =>
  Math.ceil((ask.question.length + ask.instructions.length) / 4);

export const sse = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;

/** JSON text around a token, written once per answer instead of once per token. */
export function aroundToken(frame: (token: string) => string): (text: string) => string {
  const [before, after] = frame("\u0000").split(JSON.stringify("\u0000"));
  return (text) => before + JSON.stringify(text) + after;
}
