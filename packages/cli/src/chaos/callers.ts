import { setTimeout as delay } from "node:timers/promises";
import { openOrder, readFrames } from "./read-frames.ts";

/** What became of one prediction, seen by its caller. */
export interface Fate {
  kind: "json" | "stream" | "own";
  /** `refused`: told at once that it was not taken. `lost`: neither answered nor told. */
  end: "answered" | "failed" | "refused" | "lost";
  tookMs: number;
  doubled: boolean;
  reason?: string;
}

export interface Target {
  /** An API that stays. */
  steadyUrl: string;
  /** An API that may be killed. */
  spareUrl(): string;
  key: string;
  flowId: string;
  question: string;
  patienceMs: number;
}

type Seen = Pick<Fate, "end"> & Partial<Pick<Fate, "doubled" | "reason">>;

/** Puts one question the way that `kind` does, and waits for what becomes of it. */
export async function call(kind: Fate["kind"], target: Target): Promise<Fate> {
  const startedAt = Date.now();
  const deadline = startedAt + target.patienceMs;
  const ask = { json: asJson, stream: asStream, own: asOwn }[kind];
  const seen = await ask(target, deadline).catch(
    (error: Error): Seen => ({ end: "lost", reason: error.message }),
  );
  return { kind, doubled: false, tookMs: Date.now() - startedAt, ...seen };
}

const post = (target: Target, url: string, body: object, deadline: number) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${target.key}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(Math.max(1, deadline - Date.now())),
  });

async function refusal(response: Response): Promise<Seen | undefined> {
  if (response.ok) return undefined;
  const told = response.status === 429 || response.status === 503;
  return { end: told ? "refused" : "failed", reason: (await response.text()).slice(0, 300) };
}

async function asJson(target: Target, deadline: number): Promise<Seen> {
  const { steadyUrl, flowId, question } = target;
  const url = `${steadyUrl}/api/v1/prediction/${flowId}`;
  const response = await post(target, url, { question }, deadline);
  const refused = await refusal(response);
  if (refused) return refused;
  await response.text();
  return { end: "answered" };
}

async function asStream(target: Target, deadline: number): Promise<Seen> {
  const { steadyUrl, flowId, question } = target;
  const url = `${steadyUrl}/api/v1/prediction/${flowId}`;
  const response = await post(target, url, { question, streaming: true }, deadline);
  const refused = await refusal(response);
  if (refused) return refused;
  // A flow that cannot stream answers in JSON.
  if (!response.headers.get("content-type")?.includes("event-stream")) {
    await response.text();
    return { end: "answered" };
  }
  const order = openOrder({ shared: true });
  let failed: string | undefined;
  for await (const { id, type, data } of readFrames(response)) {
    order.see(id);
    if (type === "error") failed = String(data);
    if (type === "end")
      return failed
        ? { end: "failed", reason: failed }
        : { end: "answered", doubled: order.doubled() > 0 };
  }
  return { end: "lost", reason: "the stream ended before its end" };
}

/** Our own API: accepted once, then followed to the end from whichever API is there. */
async function asOwn(target: Target, deadline: number): Promise<Seen> {
  const body = { flowId: target.flowId, question: target.question };
  // The same key makes the same prediction, so a connection that broke can be tried again.
  const key = crypto.randomUUID();
  let id: string | undefined;
  for (let round = 0; !id; round++) {
    const at = round % 2 ? target.steadyUrl : target.spareUrl();
    try {
      const response = await accept(target, at, body, key, deadline);
      const refused = await refusal(response);
      if (refused) return refused;
      id = ((await response.json()) as { id: string }).id;
    } catch (error) {
      if (Date.now() > deadline - 1000) throw error;
      await delay(200);
    }
  }
  const order = openOrder({ shared: false });
  let last = "";
  for (let round = 0; Date.now() < deadline; round++) {
    const at = round % 2 ? target.steadyUrl : target.spareUrl();
    try {
      for await (const frame of readFrames(await follow(target, at, id, last, deadline))) {
        order.see(frame.id);
        last = frame.id || last;
        if (frame.type === "stream.rejoin") break;
        if (frame.type !== "prediction.ended") continue;
        const { state, result } = frame.data as { state: string; result?: { error?: string } };
        if (state !== "succeeded" && state !== "paused")
          return { end: "failed", reason: result?.error ?? state };
        return { end: "answered", doubled: order.doubled() > 0 };
      }
    } catch {
      await delay(200);
    }
  }
  return { end: "lost", reason: `prediction ${id} did not end in time` };
}

const accept = (target: Target, at: string, body: object, key: string, deadline: number) =>
  fetch(`${at}/v1/predictions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${target.key}`,
      "idempotency-key": key,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(Math.max(1, Math.min(10_000, deadline - Date.now()))),
  });

async function follow(target: Target, at: string, id: string, last: string, deadline: number) {
  const response = await fetch(`${at}/v1/predictions/${id}/stream`, {
    headers: { authorization: `Bearer ${target.key}`, ...(last && { "last-event-id": last }) },
    signal: AbortSignal.timeout(Math.max(1, deadline - Date.now())),
  });
  if (!response.ok) throw new Error(await response.text());
  return response;
}
