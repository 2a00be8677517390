import { afterAll, beforeAll, expect, test } from "vitest";
import { stream } from "./client.ts";
import { chain, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

let split: Split;
beforeAll(async () => {
  split = await openSplit({ apis: 2 });
});
afterAll(() => split?.close());

const megabyte = 1024 * 1024;

test("one frame may be larger than what a reader may be behind", async () => {
  const flow = await store(split, chain(start(), reply("{{question}}")));
  const question = "x".repeat(5 * megabyte);
  const { ended, headers } = await stream(split.url, flow, { question }, { timeoutMs: 30_000 });
  expect((await ended).at(-1)?.event).toBe("end");
  const again = await follow(split.apis[1]!.url, headers.get("x-prediction-id") ?? "");
  expect(again.at(-1)).toMatchObject({ type: "prediction.ended", status: "FINISHED" });
}, 40_000);

interface Followed {
  id: string;
  type: string;
  status?: string;
}

/** Our own stream of a prediction, to its end. */
async function follow(url: string, id: string, after = ""): Promise<Followed[]> {
  const response = await fetch(`${url}/v1/predictions/${id}/stream`, {
    headers: { authorization: `Bearer ${split.key}`, ...(after && { "last-event-id": after }) },
    signal: AbortSignal.timeout(30_000),
  });
  return framesOf(await response.text());
}

const framesOf = (text: string): Followed[] =>
  [...text.matchAll(/^id: (\S+)\nevent: \S+\ndata: (.+)\n\n/gm)].map(([, id = "", data = ""]) => ({
    ...JSON.parse(data),
    id,
  }));
