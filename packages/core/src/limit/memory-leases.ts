import type { PredictionJob } from "../prediction/prediction.ts";
import {
  type Entered,
  type LeaseState,
  type Leases,
  maxTurns,
  type Placed,
  type Renewal,
} from "./lease.ts";

interface Turn {
  id: string;
  /** 0 for one whose turn has come, else when it was accepted. */
  order: number;
}

/** Leases of a single process. */
export function openMemoryLeases(leaseMs: number, now: () => number = Date.now): Leases {
  const places = new Map<string, Map<string, number>>();
  const orders = new Map<string, Turn[]>();
  const parked = new Map<string, PredictionJob>();
  const listeners: ((predictionId: string) => void)[] = [];

  const capKey = (name: string) => `places:${name}`;
  const turnKey = (name: string) => `turn:${name}`;
  const keysOf = ({ places: { caps = [], turn } }: Pick<Placed, "places">) => [
    ...caps.map(({ name }) => capKey(name)),
    ...(turn ? [turnKey(turn.name)] : []),
  ];

  /** Ids whose lease has not run out. */
  function live(key: string): Map<string, number> {
    const held = places.get(key) ?? new Map<string, number>();
    for (const [id, till] of held) if (till <= now()) held.delete(id);
    if (held.size === 0) places.delete(key);
    return held;
  }

  function hold(key: string, id: string): void {
    const held = live(key);
    places.set(key, held.set(id, now() + leaseMs));
  }

  function line(name: string): Turn[] {
    const held = live(turnKey(name));
    const turns = (orders.get(name) ?? []).filter(({ id }) => held.has(id));
    if (turns.length === 0) orders.delete(name);
    return turns;
  }

  function stand(name: string, id: string, order: number): void {
    const turns = line(name).filter((turn) => turn.id !== id);
    turns.push({ id, order });
    turns.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
    orders.set(name, turns);
  }

  /** True when it stands first, which it then stays. */
  function takeTurn(name: string, id: string): boolean {
    if (line(name)[0]?.id !== id) return false;
    stand(name, id, 0);
    return true;
  }

  function leave(job: Pick<Placed, "id" | "places">): void {
    for (const key of keysOf(job)) places.get(key)?.delete(job.id);
    const { turn } = job.places;
    const head = turn && line(turn.name)[0];
    if (head && head.order > 0) for (const listener of listeners) listener(head.id);
  }

  function renew({ job, as }: Renewal): LeaseState {
    const { id, places: held } = job;
    const keys = keysOf(job);
    if (as === "keep" && !live(keys[0] ?? "").has(id)) {
      leave(job);
      return "gone";
    }
    for (const key of keys) hold(key, id);
    const { turn } = held;
    if (!turn || as === "keep") return "held";
    const stands = line(turn.name).some((other) => other.id === id);
    if (as === "hold") stand(turn.name, id, 0);
    else if (!stands) stand(turn.name, id, job.acceptedAt);
    return as === "wait" && takeTurn(turn.name, id) ? "first" : "held";
  }

  return {
    async enter(job, forced): Promise<Entered> {
      const { id } = job;
      const { caps = [], turn } = job.places;
      const full = caps.findIndex(({ name, max }) => {
        const held = live(capKey(name));
        return !held.has(id) && held.size >= max;
      });
      if (full >= 0 && !forced) return { state: "full", cap: full };
      const turns = turn ? line(turn.name).map((each) => each.id) : [];
      const others = turns.filter((other) => other !== id);
      const [by] = others;
      if (!forced && turn?.policy === "reject" && by) return { state: "busy", by };
      if (!forced && turn?.policy === "enqueue" && others.length >= maxTurns)
        return { state: "crowded" };
      for (const key of keysOf(job)) hold(key, id);
      if (!turn) return { state: "in", first: true, others };
      if (!turns.includes(id)) stand(turn.name, id, job.acceptedAt);
      return { state: "in", first: takeTurn(turn.name, id), others };
    },
    renew: async (renewals) => renewals.map(renew),
    leave: async (job) => leave(job),
    onTurn: (listener) => void listeners.push(listener),
    async park(jobs) {
      for (const job of jobs) parked.set(job.id, job);
    },
    unpark: async (id) => void parked.delete(id),
    findParked: async (id) => parked.get(id),
    openParked: async (limit) => [...parked.values()].slice(0, limit),
  };
}
