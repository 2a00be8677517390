import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../../packages/simulator/src/simulator.ts";
import { chain, llm, reply, start } from "../flows.ts";
import { openSplit, type Split, store } from "../split.ts";
import { misplaced, read } from "./native.ts";

let split: Split;
let simulator: Simulator;
beforeAll(async () => {
  [split, simulator] = await Promise.all([openSplit({ apis: 2 }), openSimulator()]);
});
afterAll(() => Promise.all([split?.close(), simulator?.close()]));

const tokens = 120;

test("a reader that does not keep up is cut and goes on elsewhere, and others feel nothing of it", async () => {
  // Megabytes first, then words for as long as nobody may stand still.
  const echoes = Array.from({ length: 8 }, (_, i) => reply("{{question}}", i));
  const says = [{ role: "user", content: `rid=w [[n=${tokens} gap=200]]` }];
  const words = llm({ url: simulator.url }, { llmMessages: says });
  const flow = await store(split, chain(start(), ...echoes, words));
  const slow = await stalled(split.url, { flowId: flow, question: "y".repeat(1024 * 1024) });
  const quick = await read(split, slow.id);
  await quick.closed;
  expect(quick.complete()).toBe(true);
  expect(misplaced(quick.entries)).toEqual([]);
  const told = quick.entries.map(({ id }) => id);

  const had = await slow.rest();
  expect(had.cut).toBe(true);
  expect(had.ids).toEqual(told.slice(0, had.ids.length));
  const later = await read({ ...split, url: split.apis[1]!.url }, slow.id, had.ids.at(-1));
  await later.closed;
  expect(later.complete()).toBe(true);
  expect(misplaced(later.entries)).toEqual([]);
  // A replay has a text in one piece, under the number of its last.
  const missed = told.slice(had.ids.length);
  expect(missed).toEqual(expect.arrayContaining(later.entries.map(({ id }) => id)));
}, 60_000);

/** Asks for a stream and reads nothing of it until told to. */
async function stalled(url: string, asked: object) {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify(asked);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(
    `POST /v1/predictions HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${split.key}\r\naccept: text/event-stream\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  let text = "";
  const head = Promise.withResolvers<string>();
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const id = /x-prediction-id: (\S+)/i.exec(text)?.[1];
    if (!id) return;
    socket.pause();
    head.resolve(id);
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const id = await head.promise;
  return {
    id,
    /** What it has got when the server has ended it, and whether that was before the end of the stream. */
    async rest() {
      socket.removeAllListeners("data").on("data", (chunk: string) => {
        text += chunk;
      });
      socket.resume();
      await Promise.race([closed, delay(20_000)]);
      // A chunked body: sizes stand between its pieces.
      const told = text.replace(/\r\n[0-9a-f]+\r\n/g, "");
      return {
        ids: [...told.matchAll(/^id: (\S+)\nevent: \S+\ndata: .+\n\n/gm)].map(([, id]) => id ?? ""),
        cut: !told.includes("prediction.ended"),
      };
    },
  };
}
