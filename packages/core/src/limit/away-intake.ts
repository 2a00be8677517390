import type { Admission, Intake, Limit, LimitState } from "./intake.ts";
import { openMemoryIntake } from "./memory-intake.ts";

const restMs = 1000;
const logEveryMs = 5000;

interface Options {
  /** This process's part of each limit; by default one of the replicas that were last heard of. */
  share: number | undefined;
  log: { warn(fields: object, message: string): void };
  now?: () => number;
}

/** Does with each limit what it says while its counter is away. */
export function openAwayIntake(intake: Intake, { share, log, now = Date.now }: Options): Intake {
  const local = openMemoryIntake(now);
  let replicas = 1;
  let isAway = false;
  let isAsking = false;
  let askedAt = Number.NEGATIVE_INFINITY;
  let loggedAt = Number.NEGATIVE_INFINITY;

  async function ask(limits: Limit[]): Promise<Admission> {
    askedAt = now();
    try {
      const admission = await intake.admit(limits);
      replicas = admission.replicas ?? replicas;
      isAway = false;
      return admission;
    } catch (error) {
      isAway = true;
      throw error;
    }
  }

  function askAgain(): void {
    if (isAsking || now() - askedAt < restMs) return;
    isAsking = true;
    void ask([])
      .catch(() => {})
      .finally(() => {
        isAsking = false;
      });
  }

  async function admitAway(limits: Limit[]): Promise<Admission> {
    const part = share ?? 1 / replicas;
    const counted = limits.filter(({ away }) => away === "local");
    const { at, states } = await local.admit(counted.map((limit) => shareOf(limit, part)));
    return {
      at,
      epochs: undefined,
      states: limits.map((limit) => states[counted.indexOf(limit)] ?? passes(limit)),
    };
  }

  return {
    ...intake,
    async admit(limits) {
      const needed = limits.some(({ away = "closed" }) => away === "closed");
      // Whoever can do without does not wait for one that does not answer: it is asked beside.
      if (!needed && isAway) {
        askAgain();
        return admitAway(limits);
      }
      try {
        return await ask(limits);
      } catch (error) {
        if (needed) throw error;
        if (limits.length > 0 && now() - loggedAt > logEveryMs) {
          loggedAt = now();
          const reason = (error as Error).message;
          log.warn({ reason }, "Limits cannot be counted; each is open or counted here");
        }
        return admitAway(limits);
      }
    },
  };
}

/** At least one may always pass: a share of nothing would be closed. */
function shareOf(limit: Limit, part: number): Limit {
  if (limit.kind === "window") return { ...limit, max: Math.max(1, Math.floor(limit.max * part)) };
  return {
    ...limit,
    burst: Math.max(1, Math.floor(limit.burst * part)),
    intervalUs: Math.ceil(limit.intervalUs / part),
  };
}

const passes = (limit: Limit): LimitState => ({
  passed: true,
  remaining: Math.floor(limit.kind === "window" ? limit.max : limit.burst),
  resetMs: 0,
  retryMs: 0,
});
