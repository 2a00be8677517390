import type { Socket } from "node:net";
import type { RedisConnection } from "./open-redis.ts";

/** Lets commands of one turn leave in one write: each write of its own is a system call, which costs more than the command. */
export function gatherWrites(connection: RedisConnection): void {
  connection.on("connect", () => {
    const socket = (connection as unknown as { stream?: Socket }).stream;
    if (!socket) return;
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    let gathering = false;
    socket.write = (...args: unknown[]) => {
      if (!gathering) {
        gathering = true;
        socket.cork();
        process.nextTick(() => {
          gathering = false;
          socket.uncork();
        });
      }
      return write(...args);
    };
  });
}
