import { setTimeout as sleep } from "node:timers/promises";
import { openRedis } from "../packages/core/src/redis/open-redis.ts";
import { redisSettings } from "../packages/core/src/redis/redis-settings.ts";
import { CommonSettings } from "../packages/core/src/settings.ts";
import { freePort } from "./free-port.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";

export interface RedisCluster {
  /** Addresses of all masters that it began with, as `REDIS_URL` takes them. */
  url: string;
  nodes: RedisServer[];
  /** The node that answers for a key now. */
  masterOf(key: string): Promise<RedisServer>;
  /** Resolves when all slots are served again and `key` by another node than `before`. */
  failedOver(key: string, before: RedisServer): Promise<void>;
  stop(): Promise<void>;
}

const slots = 16_384;

/** Three masters, each with `replicas` replicas, on this machine. */
export async function startRedisCluster({ replicas = 0 } = {}): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  try {
    await Promise.all(
      Array.from({ length: 3 * (1 + replicas) }, async (_, i) => {
        // The bus would take the port + 10,000, which may be somebody's.
        const [port, bus] = [await freePort(), await freePort()];
        const flags = ["--cluster-enabled", "yes", "--cluster-port", `${bus}`];
        nodes[i] = await startRedis({ port, flags: [...flags, "--cluster-node-timeout", "1500"] });
        buses.set(nodes[i], bus);
      }),
    );
    await join(nodes);
  } catch (error) {
    await Promise.all(nodes.map((node) => node?.stop()));
    throw error;
  }
  const own = async (key: string) => {
    for (const node of nodes) {
      const slot = await say(node, "CLUSTER", "KEYSLOT", key).catch(() => undefined);
      if (slot === undefined) continue;
      const rows = (await say(node, "CLUSTER", "SLOTS")) as [number, number, [string, number]][];
      const row = rows.find(([from, to]) => Number(slot) >= from && Number(slot) <= to);
      const at = nodes.find(({ port }) => port === row?.[2][1]);
      if (at) return at;
    }
    throw new Error(`Nobody answers for ${key}`);
  };
  return {
    url: nodes
      .slice(0, 3)
      .map(({ url }) => url)
      .join(","),
    nodes,
    masterOf: own,
    failedOver: (key, before) =>
      patiently("the failover", async () => {
        const others = nodes.filter((node) => node !== before);
        const states = await Promise.all(others.map((node) => say(node, "CLUSTER", "INFO")));
        if (!states.every((state) => String(state).includes("cluster_state:ok"))) return false;
        return (await own(key)) !== before;
      }),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

const buses = new Map<RedisServer, number>();

async function join(nodes: RedisServer[]): Promise<void> {
  const [first] = nodes;
  for (const [i, node] of nodes.entries()) {
    await say(node, "CLUSTER", "SET-CONFIG-EPOCH", i + 1);
    if (node !== first)
      await say(node, "CLUSTER", "MEET", "127.0.0.1", first!.port, buses.get(first!)!);
  }
  const masters = nodes.slice(0, 3);
  const share = (i: number) => Math.ceil((slots / 3) * i);
  for (const [i, master] of masters.entries()) {
    const own = Array.from({ length: share(i + 1) - share(i) }, (_, n) => share(i) + n);
    await say(master, "CLUSTER", "ADDSLOTS", ...own.filter((slot) => slot < slots));
  }
  const settled = (words: string) =>
    patiently("the cluster", async () => {
      const states = await Promise.all(nodes.map((node) => say(node, "CLUSTER", "INFO")));
      return states.every((state) => String(state).includes(words));
    });
  await settled(`cluster_known_nodes:${nodes.length}`);
  for (const [i, replica] of nodes.slice(3).entries())
    await say(
      replica,
      "CLUSTER",
      "REPLICATE",
      String(await say(masters[i % 3]!, "CLUSTER", "MYID")),
    );
  await settled("cluster_state:ok");
  await patiently("the replicas", async () => {
    const states = await Promise.all(
      nodes.slice(3).map((node) => say(node, "INFO", "replication")),
    );
    return states.every((state) => String(state).includes("master_link_status:up"));
  });
}

/** One command to one node, on a connection of its own. */
async function say(node: RedisServer, ...[command, ...args]: [string, ...(string | number)[]]) {
  const settings = redisSettings(CommonSettings.parse({ REDIS_URL: node.url }));
  const redis = openRedis(settings, "producer", { warn: () => {} });
  try {
    await new Promise((resolve, reject) => redis.once("ready", resolve).once("error", reject));
    return await redis.call(command, ...args);
  } finally {
    redis.disconnect();
  }
}

async function patiently(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 25_000;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`Waited 25 s in vain for ${what}`);
    await sleep(100);
  }
}
