import type { RedisKeys } from "../prediction/redis-keys.ts";
import type { RedisConnection } from "../redis/open-redis.ts";
import { admitCalls, admitScript } from "./admit-script.ts";
import {
  type Admission,
  type Change,
  type ChangeKind,
  changeKinds,
  type Intake,
  type Limit,
} from "./intake.ts";

/** Limits and changes shared by all processes on one Redis. */
export async function openRedisIntake(
  connections: { producer: RedisConnection; subscriber: RedisConnection },
  keys: RedisKeys,
): Promise<Intake> {
  const { producer, subscriber } = connections;
  const listeners: ((change: Change) => void)[] = [];
  const calls = admitCalls(keys);
  producer.defineCommand("sluiceAdmit", { lua: admitScript });
  const admit = (
    producer as unknown as { sluiceAdmit(count: number, ...args: string[]): Promise<number[]> }
  ).sluiceAdmit.bind(producer);
  subscriber.on("message", (channel: string, message: string) => {
    if (channel !== keys.changeChannel) return;
    const [kind, id = ""] = message.split(" ");
    for (const listener of listeners) listener({ kind: kind as ChangeKind, id });
  });
  await subscriber.subscribe(keys.changeChannel);
  async function ask(limits: Limit[]): Promise<Admission> {
    const { keys: names, args } = calls.request(limits);
    return calls.read(await admit(names.length, ...names, ...args), limits.length);
  }

  let unlimited: Promise<Admission> | undefined;
  /** Requests that nothing limits are told the same: those of one turn share a call. */
  function askForAll(): Promise<Admission> {
    unlimited ??= new Promise<void>((turn) => setImmediate(turn)).then(() => {
      unlimited = undefined;
      return ask([]);
    });
    return unlimited;
  }

  return {
    admit: (limits) => (limits.length === 0 ? askForAll() : ask(limits)),
    async announce({ kind, id }) {
      if (!changeKinds.includes(kind)) throw new Error(`Unknown change ${kind}`);
      await producer
        .multi()
        .hincrby(keys.epochs, kind, 1)
        .publish(keys.changeChannel, `${kind} ${id}`)
        .exec();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
