import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chain, llm, start } from "../flows.ts";
import { openSplit, type Split, store } from "../split.ts";
import { type BurstStream, ofFlow, ofModel, openBurst, percentile } from "./burst.ts";
import { startSimulator } from "./simulator-process.ts";

let split: Split;
let simulator: Awaited<ReturnType<typeof startSimulator>>;
beforeAll(async () => {
  [split, simulator] = await Promise.all([
    openSplit({ env: { MAX_QUEUE_WAIT_SECONDS: "2" } }),
    startSimulator(),
  ]);
});
afterAll(() => Promise.all([split?.close(), simulator?.close()]));

/** What two quiet cores need for model and client alone; where others use them, too, everything takes longer. */
const quietMs = 1000;
const tokens = 50;
const names = Array.from({ length: 2000 }, (_, i) => `s${i}`);
const questions = names.map((name) => `rid=${name} [[ttft=50 n=${tokens} gap=10]]`);
const lateOf = (streams: BurstStream[]) =>
  percentile(
    streams.map(({ firstTokenMs }) => firstTokenMs),
    0.99,
  );

test("of 2,000 streams at once 500 are taken at once and begin soon, and all end for callers who come back as told", {
  timeout: 180_000,
}, async () => {
  const wire = ofFlow(await store(split, chain(start(), llm({ url: simulator.url }))));
  // Plans, pools and compiled code: a fleet that serves has them.
  const warm = Array.from({ length: 50 }, (_, i) => `rid=w${i} [[n=5]]`);
  await openBurst({ url: split.url, wire, questions: warm, timeoutMs: 20_000 });
  // What this machine needs today for the same without us.
  const alone = await openBurst({
    url: simulator.url,
    wire: ofModel,
    questions,
    timeoutMs: 60_000,
  });

  const slowness = Math.max(1, alone.tookMs / quietMs);

  const burst = await openBurst({ url: split.url, wire, questions, timeoutMs: 60_000 });

  const sentAway = burst.streams.filter(({ refusals }) => refusals.length > 0).length;
  const workerMb = peakMb(split.workers[0]!.pid);
  console.info({
    tookMs: burst.tookMs,
    firstTokenP99Ms: lateOf(burst.streams),
    mostOpen: burst.mostOpen,
    sentAway,
    workerMb,
    apiMb: peakMb(split.apis[0]!.pid),
    modelAlone: { tookMs: alone.tookMs, firstTokenP99Ms: lateOf(alone.streams) },
  });
  expect(burst.streams.flatMap(({ failure }) => failure ?? [])).toEqual([]);
  expect(burst.streams.every(({ ended }) => ended)).toBe(true);
  expect(burst.streams.map(({ text }) => text)).toEqual(
    names.map((name) => Array.from({ length: tokens }, (_, i) => `${name}:${i} `).join("")),
  );
  expect(burst.mostOpen).toBeGreaterThanOrEqual(500);
  expect(burst.tookMs).toBeLessThan(60_000);
  expect(lateOf(burst.streams)).toBeLessThan(3000 * slowness);
  expect(workerMb).toBeLessThan(400);
});

/** The most memory that a process has had, as the kernel counts it. */
function peakMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}
