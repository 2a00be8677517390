import { desiredCount, type Memory, type Policy } from "./desired-count.ts";

/** Predictions that arrive in each second of the day, and how long one runs. */
export interface Trace {
  arrivals: number[];
  runSeconds: number;
}

export interface DayOptions {
  trace: Trace;
  perWorker: number;
  /** From the decision until a worker takes predictions. */
  startSeconds: number;
  /** Between two looks. */
  everySeconds: number;
}

export interface Day {
  /** Seconds that predictions waited: half of them, 95 and 99 of a hundred, the longest. */
  waits: { p50: number; p95: number; p99: number; max: number };
  workerHours: number;
  /** Changes of the count. */
  changes: number;
  /** For each minute. */
  minutes: { arrived: number; workers: number; waiting: number }[];
}

/** A day of the fleet under a policy, second by second: a queue, workers that start late and leave when they are idle. */
export function simulateDay(
  policy: Policy | { fixed: number },
  { trace, perWorker, startSeconds, everySeconds }: DayOptions,
): Day {
  const seconds = trace.arrivals.length;
  const ends: number[] = new Array(seconds + trace.runSeconds + 1).fill(0);
  const queue: { at: number; count: number }[] = [];
  const waits = new Map<number, number>();
  const starting: number[] = [];
  const minutes: Day["minutes"] = [];
  let ready = "fixed" in policy ? policy.fixed : policy.min;
  let desired = ready;
  let running = 0;
  let waiting = 0;
  let workerSeconds = 0;
  let changes = 0;
  let memory: Memory | undefined;

  for (let now = 0; now < seconds; now++) {
    running -= ends[now] ?? 0;
    const arrived = trace.arrivals[now] ?? 0;
    if (arrived > 0) queue.push({ at: now, count: arrived });
    waiting += arrived;
    while ((starting[0] ?? Infinity) <= now) {
      starting.shift();
      ready++;
    }
    // Protected while they are busy: only as many leave as the rest can do without.
    const spare = ready - Math.ceil(running / perWorker);
    ready -= Math.max(0, Math.min(spare, ready + starting.length - desired));
    take(now);
    if (!("fixed" in policy) && now % everySeconds === 0) scale(policy, now);
    workerSeconds += ready + starting.length;
    if (now % 60 === 59) {
      const minute = trace.arrivals.slice(now - 59, now + 1);
      minutes.push({
        arrived: minute.reduce((sum, each) => sum + each, 0),
        workers: ready,
        waiting,
      });
    }
  }

  function take(now: number): void {
    let free = ready * perWorker - running;
    while (free > 0 && queue[0]) {
      const count = Math.min(free, queue[0].count);
      const waited = now - queue[0].at;
      waits.set(waited, (waits.get(waited) ?? 0) + count);
      ends[now + trace.runSeconds] = (ends[now + trace.runSeconds] ?? 0) + count;
      queue[0].count -= count;
      if (queue[0].count === 0) queue.shift();
      free -= count;
      running += count;
      waiting -= count;
    }
  }

  function scale(by: Policy, now: number): void {
    const oldestMs = queue[0] ? (now - queue[0].at) * 1000 : 0;
    const fleet = { atMs: now * 1000, waiting, running, oldestMs, perWorker, ready, desired };
    const decision = desiredCount(fleet, by, memory);
    memory = decision.memory;
    if (decision.desired === desired) return;
    changes++;
    desired = decision.desired;
    for (let count = ready + starting.length; count < desired; count++)
      starting.push(now + startSeconds);
    while (starting.length > 0 && ready + starting.length > desired) starting.pop();
  }

  return { waits: percentiles(waits), workerHours: workerSeconds / 3600, changes, minutes };
}

function percentiles(waits: Map<number, number>): Day["waits"] {
  const sorted = [...waits].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  const at = (share: number) => {
    let seen = 0;
    for (const [wait, count] of sorted) {
      seen += count;
      if (seen >= share * total) return wait;
    }
    return sorted.at(-1)?.[0] ?? 0;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1)?.[0] ?? 0 };
}

/** A working day: little at night, two humps, noise, and two bursts that nobody announced. The same numbers each time. */
export function workingDay(peakPerSecond: number, runSeconds: number): Trace {
  const random = seeded(20_240_607);
  const hump = (hour: number, middle: number, width: number) =>
    Math.exp(-(((hour - middle) / width) ** 2));
  const arrivals = Array.from({ length: 86_400 }, (_, second) => {
    const hour = second / 3600;
    const level = 0.02 + hump(hour, 10.5, 1.8) + 0.8 * hump(hour, 15, 2);
    const burst = within(hour, 3, 0.05) || within(hour, 19.5, 0.1) ? 1.5 : 0;
    return poisson(peakPerSecond * (level + burst), random);
  });
  return { arrivals, runSeconds };
}

const within = (hour: number, from: number, hours: number) => hour >= from && hour < from + hours;

function poisson(mean: number, random: () => number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

const normal = (random: () => number) =>
  Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random());

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
