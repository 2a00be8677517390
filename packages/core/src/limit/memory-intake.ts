import type { Change, Epochs, Intake, Limit, LimitState, Rate, Window } from "./intake.ts";

const maxCounters = 100_000;

/** Until when something is taken: a window's end, or a rate's theoretical arrival time. */
interface Counter {
  hits: number;
  untilUs: number;
}

/** Limits and changes of a single process; the same arithmetic as `admitScript`. */
export function openMemoryIntake(now: () => number = Date.now): Intake {
  const counters = new Map<string, Counter>();
  const listeners: ((change: Change) => void)[] = [];
  const epochs: Epochs = { flow: 0, key: 0, configuration: 0 };

  function find(name: string, atUs: number): Counter {
    const known = counters.get(name);
    return known && known.untilUs > atUs ? known : { hits: 0, untilUs: 0 };
  }

  function keep(name: string, counter: Counter, atUs: number): void {
    if (!counters.has(name) && counters.size >= maxCounters) forget(atUs);
    counters.set(name, counter);
  }

  function forget(atUs: number): void {
    for (const [name, { untilUs }] of counters) if (untilUs <= atUs) counters.delete(name);
    // Under an attack with ever new addresses the oldest go first.
    for (const name of counters.keys()) {
      if (counters.size < maxCounters) break;
      counters.delete(name);
    }
  }

  function countRate({ name, burst, intervalUs }: Rate, all: boolean, atUs: number): LimitState {
    let arrival = arrivalOf(find(name, atUs), burst * intervalUs, atUs);
    const waitUs = arrival + intervalUs - burst * intervalUs - atUs;
    const passed = waitUs <= 0;
    if (all) {
      arrival += intervalUs;
      keep(name, { hits: 0, untilUs: arrival }, atUs);
    }
    return {
      passed,
      remaining: passed ? Math.floor((atUs + burst * intervalUs - arrival) / intervalUs) : 0,
      resetMs: Math.ceil((arrival - atUs) / 1000),
      retryMs: passed ? 0 : Math.ceil(waitUs / 1000),
    };
  }

  function countWindow({ name, max, windowMs }: Window, all: boolean, atUs: number): LimitState {
    const counter = find(name, atUs);
    const passed = counter.hits + 1 <= max;
    if (counter.hits === 0) counter.untilUs = atUs + windowMs * 1000;
    if (all || !passed) {
      counter.hits++;
      keep(name, counter, atUs);
    }
    const resetMs = Math.ceil((counter.untilUs - atUs) / 1000);
    const remaining = Math.max(0, Math.floor(max - counter.hits));
    return { passed, remaining, resetMs, retryMs: passed ? 0 : resetMs };
  }

  function wouldPass(limit: Limit, atUs: number): boolean {
    const counter = find(limit.name, atUs);
    if (limit.kind === "window") return counter.hits + 1 <= limit.max;
    const burstUs = limit.burst * limit.intervalUs;
    return arrivalOf(counter, burstUs, atUs) + limit.intervalUs - burstUs <= atUs;
  }

  return {
    async admit(limits) {
      const at = now();
      const atUs = Math.round(at * 1000);
      const all = limits.every((limit) => wouldPass(limit, atUs));
      const states = limits.map((limit) =>
        limit.kind === "rate" ? countRate(limit, all, atUs) : countWindow(limit, all, atUs),
      );
      return { at, epochs: { ...epochs }, states };
    },
    async announce(change) {
      epochs[change.kind]++;
      for (const listener of listeners) listener(change);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

const arrivalOf = ({ untilUs }: Counter, burstUs: number, atUs: number) =>
  Math.min(Math.max(untilUs, atUs), atUs + burstUs);
