import type { Network } from "./network.ts";
import type { Secrets } from "./secret.ts";
import type { Stage } from "./stage.ts";

/** Redis as one URL, whoever runs it. */
export function createRedis(stage: Stage, { vpc, groups }: Network, secrets: Secrets) {
  if (stage.redis !== "elasticache") return { url: secrets.redisUrl(), nodeId: undefined };
  const redis = new sst.aws.Redis("Redis", {
    vpc: { subnets: vpc.privateSubnets, securityGroups: [groups.redis.id] },
    engine: "valkey",
    version: "8.0",
    // One endpoint and ordinary certificates; the queue is far from needing a cluster.
    cluster: false,
    instance: stage.redisNode,
    // Anything else drops jobs under memory pressure.
    parameters: { "maxmemory-policy": "noeviction" },
    transform: {
      cluster: (args, options) => {
        args.transitEncryptionEnabled = true;
        args.transitEncryptionMode = "required";
        if (stage.standby) {
          args.numCacheClusters = 2;
          args.automaticFailoverEnabled = true;
          args.multiAzEnabled = true;
        }
        if (stage.production) {
          args.snapshotRetentionLimit = 7;
          args.finalSnapshotIdentifier = `${$app.name}-${$app.stage}-redis-final`;
          options.retainOnDelete = true;
          options.protect = true;
        }
      },
    },
  });
  // The token holds characters that mean something in a URL.
  const url = $resolve([redis.host, redis.port, redis.password]).apply(
    ([host, port, password]) =>
      `rediss://default:${encodeURIComponent(password ?? "")}@${host}:${port}`,
  );
  return { url, nodeId: redis.nodes.cluster.id };
}
export type RedisStore = ReturnType<typeof createRedis>;
