import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { ask, type Reply } from "./ask.ts";
import { checkTokens, isWhole, noTokens, type TokenCheck } from "./check-tokens.ts";
import { type Distribution, distribution, round } from "./distribution.ts";
import { cpuBetween, readUsage, type Watched } from "./process-usage.ts";
import type { Wire } from "./wire.ts";

/** `closed`: so many callers, each asking again once answered. `atOnce`: so many callers, each asking once. */
export type Shape =
  | { kind: "closed"; callers: number }
  | { kind: "open"; ratePerS: number }
  | { kind: "atOnce"; callers: number };

export interface Load {
  url: URL;
  wire: Wire;
  stream: boolean;
  shape: Shape;
  /** For the simulator, e.g. `ttft=50 n=50 gap=10`; none for flows without a model. */
  knobs?: string;
  expectedTokens: number;
  modelFirstTokenMs: number;
  warmUpMs: number;
  durationMs: number;
  timeoutMs: number;
}

export interface LoadReport {
  asked: number;
  answered: number;
  errors: Record<string, number>;
  seconds: number;
  perS: number;
  latencyMs: Distribution;
  /** First token, less what the model was asked to take for it. */
  firstTokenOverModelMs?: Distribution;
  tokens: TokenCheck;
  cpuSPer1000: Record<string, number>;
  peakMb: Record<string, number>;
}

const sampleMs = 500;
let run = 0;

/** Puts one load on a server: warm-up, measured window, and the end of what is under way. */
export async function load(plan: Load, watched: Watched): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 8192 });
  const asker = openAsker(plan, agent);
  try {
    if (plan.warmUpMs > 0) await play(warmUpOf(plan.shape), plan.warmUpMs, asker.ask);
    asker.reset();
    const peakMb: Record<string, number> = {};
    const sample = () => {
      const usage = readUsage(watched);
      for (const [name, mb] of Object.entries(usage.residentMb))
        peakMb[name] = Math.max(peakMb[name] ?? 0, mb);
      return usage;
    };
    const before = sample();
    const sampler = setInterval(sample, sampleMs);
    const startedAt = performance.now();
    await play(plan.shape, plan.durationMs, asker.ask);
    const seconds = (performance.now() - startedAt) / 1000;
    clearInterval(sampler);
    const cpu = cpuBetween(before, sample());
    return { ...asker.report(seconds, cpu), peakMb };
  } finally {
    agent.destroy();
  }
}

// Thousands at once are not warmed up by thousands: the burst is what is measured.
const warmUpOf = (shape: Shape): Shape =>
  shape.kind === "atOnce" ? { kind: "closed", callers: Math.min(200, shape.callers) } : shape;

async function play(shape: Shape, durationMs: number, one: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const passedMs = () => performance.now() - startedAt;
  if (shape.kind === "open") {
    const underWay: Promise<void>[] = [];
    for (let i = 0; passedMs() < durationMs; ) {
      const waitMs = (i / shape.ratePerS) * 1000 - passedMs();
      if (waitMs > 0) await delay(waitMs);
      else {
        underWay.push(one());
        i += 1;
      }
    }
    await Promise.all(underWay);
    return;
  }
  const caller = async () => {
    do await one();
    while (shape.kind === "closed" && passedMs() < durationMs);
  };
  await Promise.all(Array.from({ length: shape.callers }, caller));
}

function openAsker(plan: Load, agent: Agent) {
  const { url, wire, stream, knobs, expectedTokens, timeoutMs } = plan;
  const prefix = `r${process.pid.toString(36)}x${(run++).toString(36)}`;
  let number = 0;
  let latencies: number[] = [];
  let firstTokens: number[] = [];
  let errors: Record<string, number> = {};
  let tokens = noTokens();

  function judge(reply: Reply, rid: string): string | undefined {
    if (reply.error !== undefined || expectedTokens === 0) return reply.error;
    const check = checkTokens(reply.text, rid, expectedTokens);
    for (const name of Object.keys(check) as (keyof TokenCheck)[]) tokens[name] += check[name];
    return isWhole(check) ? undefined : "tokens wrong";
  }

  return {
    async ask(): Promise<void> {
      const rid = `${prefix}x${(number++).toString(36)}`;
      const question = `rid=${rid}${knobs ? ` [[${knobs}]]` : ""}`;
      const reply = await ask({ url, agent, wire, question, rid, stream, timeoutMs });
      const error = judge(reply, rid);
      if (error !== undefined) {
        errors[error] = (errors[error] ?? 0) + 1;
        return;
      }
      latencies.push(reply.latencyMs);
      if (reply.firstTokenMs !== undefined) firstTokens.push(reply.firstTokenMs);
    },
    reset(): void {
      latencies = [];
      firstTokens = [];
      errors = {};
      tokens = noTokens();
    },
    report(seconds: number, cpu: Record<string, number>) {
      const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
      const asked = latencies.length + failed;
      const overModel = firstTokens.map((ms) => ms - plan.modelFirstTokenMs);
      return {
        asked,
        answered: latencies.length,
        errors,
        seconds: round(seconds, 2),
        perS: round(latencies.length / seconds, 1),
        latencyMs: distribution(latencies),
        ...(stream && { firstTokenOverModelMs: distribution(overModel) }),
        tokens,
        cpuSPer1000: per1000(cpu, asked),
      };
    },
  };
}

export const per1000 = (cpu: Record<string, number>, count: number) =>
  Object.fromEntries(
    Object.entries(cpu).map(([name, cpuS]) => [name, round((cpuS / Math.max(1, count)) * 1000, 3)]),
  );
