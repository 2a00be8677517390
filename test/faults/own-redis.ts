import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RedisServer, startRedis } from "../redis-server.ts";

/** A Redis that keeps an append-only file, and can be taken away. */
export interface OwnRedis {
  url: string;
  stop(): Promise<void>;
  /** Where it was before. */
  startAgain(options: { withData: boolean }): Promise<void>;
  close(): Promise<void>;
}

export async function openOwnRedis(): Promise<OwnRedis> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-fault-redis-"));
  const flags = ["--dir", folder, "--appendonly", "yes", "--appendfsync", "always"];
  let server: RedisServer | undefined = await startRedis({ flags });
  const { url, port } = server;
  const stop = async () => {
    await server?.stop();
    server = undefined;
  };
  return {
    url,
    stop,
    async startAgain({ withData }) {
      if (!withData) rmSync(join(folder, "appendonlydir"), { recursive: true, force: true });
      server = await startRedis({ port, flags });
    },
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
