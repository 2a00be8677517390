import type { RedisKeys } from "../prediction/redis-keys.ts";
import type { RedisConnection } from "../redis/open-redis.ts";
import { admitCalls, admitScript } from "./admit-script.ts";
import { type Change, type ChangeKind, changeKinds, type Intake } from "./intake.ts";

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
  return {
    async admit(limits) {
      const { keys: names, args } = calls.request(limits);
      return calls.read(await admit(names.length, ...names, ...args), limits.length);
    },
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
