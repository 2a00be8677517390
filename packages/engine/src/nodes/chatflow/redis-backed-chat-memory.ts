import { z } from "zod";
import { defineChatNode, type MemoryPlace } from "../../chatflow/chat-node.ts";
import type { ChatMemory } from "../../chatflow/chat-parts.ts";
import { keptMessages, readKept } from "../../chatflow/kept-messages.ts";
import { requestMessages, toChatMessages } from "../../chatflow/past.ts";
import { number, text } from "../../input.ts";
import { redisPlace } from "../../redis-place.ts";

// Longer conversations than any model reads, and a bound on what one question loads.
const maxMessages = 1000;

/** Remembers a session in a Redis of the author's: one list, the newest first, under the bare id of the session. */
export const redisBackedChatMemory = defineChatNode({
  name: "RedisBackedChatMemory",
  inputs: z.object({ sessionId: text, sessionTTL: number, windowSize: number }),
  async init({ sessionId, sessionTTL, windowSize }, run): Promise<ChatMemory> {
    const { services, request } = run;
    const { signal } = services;
    const { redis, place } = await reach(run);
    const key = request.sessionId || sessionId;
    const count = Math.min(windowSize || maxMessages, maxMessages);
    return {
      kind: "memory",
      async messages(model) {
        const [kept] = await redis.call(place, [["LRANGE", key, "0", String(count - 1)]], signal);
        const past = (kept as string[]).toReversed().flatMap(readKept);
        return toChatMessages([...requestMessages(request), ...past], model);
      },
      async keep(question, answer) {
        const commands = [["LPUSH", key, ...keptMessages(question, answer)]];
        if (sessionTTL) commands.push(["EXPIRE", key, String(Math.ceil(sessionTTL))]);
        await redis.call(place, commands, signal);
      },
    };
  },
  async forget(sessionIds, at) {
    const { redis, place } = await reach(at);
    for (let from = 0; from < sessionIds.length; from += 500) {
      const commands = [["DEL", ...sessionIds.slice(from, from + 500)]];
      await redis.call(place, commands, at.services.signal);
    }
  },
});

async function reach({ services, credentialId }: MemoryPlace) {
  const { redis } = services;
  if (!redis) throw new Error("Redis cannot be reached from here");
  return { redis, place: redisPlace(await services.credential(credentialId ?? "")) };
}
