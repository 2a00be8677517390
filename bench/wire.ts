/** How a question is put to a server and its answer read. */
export interface Wire {
  path: string;
  body(question: string, rid: string, stream: boolean): object;
  /** One `data:` line of a stream. */
  read(data: string): Piece;
  /** The text of a JSON answer; undefined when it answers another question. */
  text(answer: unknown, question: string): string | undefined;
}

export interface Piece {
  token?: string;
  ended?: boolean;
  error?: string;
}

/** Flowise's prediction call. */
export const flowise = (flowId: string): Wire => ({
  path: `/api/v1/prediction/${flowId}`,
  body: (question, rid, streaming) => ({ question, streaming, chatId: `chat-${rid}` }),
  read(data) {
    const { event, data: value } = JSON.parse(data) as { event: string; data: unknown };
    if (event === "token") return { token: String(value) };
    if (event === "error") return { error: String(value) };
    return event === "end" ? { ended: true } : {};
  },
  text(answer, asked) {
    const { text, question } = answer as { text?: unknown; question?: unknown };
    return typeof text === "string" && question === asked ? text : undefined;
  },
});

/** OpenAI's chat call: what the simulator does alone, and the floor under every flow with a model. */
export const openai: Wire = {
  path: "/v1/chat/completions",
  body: (question, _rid, stream) => ({
    model: "simulated",
    stream,
    messages: [{ role: "user", content: question }],
  }),
  read(data) {
    if (data === "[DONE]") return { ended: true };
    const chunk = JSON.parse(data) as { choices?: { delta?: { content?: string } }[] };
    const token = chunk.choices?.[0]?.delta?.content;
    return token ? { token } : {};
  },
  text(answer) {
    const body = answer as { choices?: { message?: { content?: string } }[] };
    return body.choices?.[0]?.message?.content;
  },
};
