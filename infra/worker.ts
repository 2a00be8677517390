import { dependsAlso } from "./function.ts";
import type { Given } from "./given.ts";
import { architecture, image, probe, taskTransform } from "./image.ts";
import type { Network } from "./network.ts";
import type { Settings } from "./secret.ts";
import type { Stage } from "./stage.ts";
import type { Storage } from "./storage.ts";

/** Fargate's most: what a worker has between SIGTERM and SIGKILL. */
const stopTimeoutSeconds = 120;

export interface WorkerParts {
  cluster: sst.aws.Cluster;
  network: Network;
  settings: Settings;
  storage: Storage;
  given: Given;
  after: $util.Input<$util.Resource>[];
}

/** The service of workers. Its count belongs to the autoscaler, not to the deploy. */
export function createWorker(stage: Stage, parts: WorkerParts) {
  const { cluster, network, settings, storage, given, after } = parts;
  const tasks = cluster.nodes.cluster.arn.apply((arn) => `${arn.replace(":cluster/", ":task/")}/*`);
  return new sst.aws.Service("Worker", {
    cluster,
    image: image("worker"),
    architecture,
    cpu: stage.workers.cpu,
    memory: stage.workers.memory,
    scaling: {
      min: stage.workers.min,
      max: stage.workers.max,
      cpuUtilization: false,
      memoryUtilization: false,
    },
    // One on demand carries on when spot capacity has run out.
    capacity: stage.spot
      ? { fargate: { base: stage.workers.min > 0 ? 1 : 0, weight: 1 }, spot: { weight: 3 } }
      : { fargate: { weight: 1 } },
    health: probe(5566, "/healthz"),
    environment: {
      ...given.worker,
      MODE: "queue",
      WORKER_PORT: "5566",
      WORKER_CAPACITY: String(stage.workerCapacity),
      WORKER_STOP_TIMEOUT_SECONDS: String(stopTimeoutSeconds - 10),
      DATABASE_SSL: "true",
      DATABASE_POOL_SIZE: String(stage.poolSize.worker),
      ...storage.environment,
    },
    ssm: settings.workerSsm,
    permissions: [
      ...storage.permissions,
      { actions: ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"], resources: [tasks] },
    ],
    logging: { name: `/sluice/${$app.stage}/worker`, retention: "1 month" },
    wait: stage.production,
    transform: {
      ...taskTransform(settings.arn, { stopTimeout: stopTimeoutSeconds, portMappings: [] }),
      service: (args, options) => {
        args.networkConfiguration = $util
          .output(args.networkConfiguration)
          .apply((found) => ({ ...found!, securityGroups: [network.groups.worker.id] }));
        // It would stop tasks only to move them.
        args.availabilityZoneRebalancing = "DISABLED";
        args.deploymentMinimumHealthyPercent = 100;
        args.deploymentMaximumPercent = 200;
        args.enableExecuteCommand = false;
        options.dependsOn = dependsAlso(options.dependsOn, after);
        options.ignoreChanges = [...(options.ignoreChanges ?? []), "desiredCount"];
      },
    },
  });
}
