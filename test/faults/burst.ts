import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** What became of one stream of a burst. */
export interface BurstStream {
  text: string;
  ended: boolean;
  /** From the sending of the request that was taken. */
  firstTokenMs: number;
  /** `Retry-After` of each time it was sent away. */
  refusals: number[];
  /** Why it was given up. */
  failure?: string;
}

export interface BurstOptions {
  url: string;
  wire: BurstWire;
  questions: string[];
  timeoutMs: number;
}

/** What is asked, and how what comes is read. */
interface BurstWire {
  path: string;
  body(question: string): object;
  read(data: string): { token?: string | undefined; end?: boolean };
}

/** Flowise's stream of a flow. */
export const ofFlow = (flowId: string): BurstWire => ({
  path: `/api/v1/prediction/${flowId}`,
  body: (question) => ({ question, streaming: true }),
  read(text) {
    const { event, data } = JSON.parse(text);
    return event === "token" ? { token: data } : { end: event === "end" };
  },
});

/** The model's own stream: what client and model cost by themselves. */
export const ofModel: BurstWire = {
  path: "/v1/chat/completions",
  body: (content) => ({ model: "simulated", stream: true, messages: [{ role: "user", content }] }),
  read: (text) =>
    text === "[DONE]"
      ? { end: true }
      : { token: JSON.parse(text).choices?.[0]?.delta?.content as string | undefined },
};

/** Opens many streams at once, for callers who honour `Retry-After`; returns when all are over. */
export async function openBurst({ url, wire, questions, timeoutMs }: BurstOptions) {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const startedAt = performance.now();
  let open = 0;
  let mostOpen = 0;

  async function one(question: string): Promise<BurstStream> {
    const refusals: number[] = [];
    const stream = { text: "", ended: false, firstTokenMs: 0, refusals };
    while (performance.now() - startedAt < timeoutMs) {
      const sentAt = performance.now();
      const status = await attempt(question, (data) => {
        const { token, end } = wire.read(data);
        if (token) {
          stream.firstTokenMs ||= performance.now() - sentAt;
          stream.text += token;
        }
        if (end) stream.ended = true;
      });
      if (status.code === 200) return stream;
      if (status.retryAfterS === undefined)
        return { ...stream, failure: `${status.code} ${status.text}` };
      refusals.push(status.retryAfterS);
      await delay(status.retryAfterS * 1000);
    }
    return { ...stream, failure: "not taken in time" };
  }

  function attempt(
    question: string,
    onData: (data: string) => void,
  ): Promise<{ code: number; text: string; retryAfterS: number | undefined }> {
    const body = JSON.stringify(wire.body(question));
    const headers = { "content-type": "application/json", "content-length": body.length };
    return new Promise((resolve, reject) => {
      const asked = request(
        `${url}${wire.path}`,
        { method: "POST", agent, headers, timeout: timeoutMs },
        (response) => {
          const code = response.statusCode ?? 0;
          const after = response.headers["retry-after"];
          let rest = "";
          if (code === 200) mostOpen = Math.max(mostOpen, ++open);
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            const frames = (rest + chunk).split("\n\n");
            rest = frames.pop() ?? "";
            if (code !== 200) rest = frames.concat(rest).join("\n\n");
            else
              for (const frame of frames) {
                const at = frame.indexOf("data:");
                if (at >= 0) onData(frame.slice(at + 5).trim());
              }
          });
          response.on("close", () => {
            if (code === 200) open--;
            resolve({
              code,
              text: rest,
              retryAfterS: after === undefined ? undefined : Number(after),
            });
          });
        },
      );
      asked.on("error", reject);
      asked.on("timeout", () => asked.destroy(new Error("no byte in time")));
      asked.end(body);
    });
  }

  const failed = (error: Error): BurstStream => ({
    text: "",
    ended: false,
    firstTokenMs: 0,
    refusals: [],
    failure: error.message,
  });
  const streams = await Promise.all(questions.map((question) => one(question).catch(failed)));
  agent.destroy();
  return { streams, tookMs: performance.now() - startedAt, mostOpen };
}

export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
