import { functionEnvironment, functionPlace, nodejs } from "./function.ts";
import type { Network } from "./network.ts";
import type { Settings } from "./secret.ts";
import type { Stage } from "./stage.ts";

/** The service that is scaled. */
export interface ScalerTarget {
  cluster: $util.Output<string>;
  service: $util.Output<string>;
  serviceArn: $util.Output<string>;
}

export function scalerTarget(cluster: sst.aws.Cluster, worker: sst.aws.Service): ScalerTarget {
  const { service } = worker.nodes;
  return { cluster: cluster.nodes.cluster.name, service: service.name, serviceArn: service.id };
}

/** For the process that looks at the fleet; with target tracking it measures and changes nothing. */
export const scalerEnvironment = (stage: Stage, target: ScalerTarget) => ({
  AUTOSCALER_CLUSTER: target.cluster,
  AUTOSCALER_SERVICE: target.service,
  AUTOSCALER_MIN: String(stage.workers.min),
  AUTOSCALER_MAX: String(stage.workers.max),
  AUTOSCALER_EVERY_SECONDS: stage.redis === "upstash" ? "15" : "5",
  AUTOSCALER_ACTS: String(stage.scaler === "controller"),
  WORKER_CAPACITY: String(stage.workerCapacity),
});

/** One service, two calls. */
export const scalerPermissions = (stage: Stage, { serviceArn }: ScalerTarget) => [
  {
    actions: [
      "ecs:DescribeServices",
      ...(stage.scaler === "controller" ? ["ecs:UpdateService"] : []),
    ],
    resources: [serviceArn],
  },
];

export const scalerLogGroup = () => `/sluice/${$app.stage}/autoscaler`;

/** Beside a Lambda API the autoscaler is a scheduled function; a Fargate API runs it itself. */
export function createScheduledScaler(
  stage: Stage,
  { network, settings, target }: { network: Network; settings: Settings; target: ScalerTarget },
) {
  if (stage.api === "fargate") return undefined;
  const logs = new aws.cloudwatch.LogGroup("AutoscalerLogs", {
    name: scalerLogGroup(),
    retentionInDays: 30,
  });
  const scaler = new sst.aws.Function("Autoscaler", {
    handler: "packages/api/src/lambda-turn.handler",
    architecture: "arm64",
    memory: "256 MB",
    timeout: "70 seconds",
    // Turns and wakes never overlap by more than one; the lease sees to the rest.
    concurrency: { reserved: 2 },
    link: [settings.link],
    environment: {
      ...functionEnvironment(stage),
      ...scalerEnvironment(stage, target),
      // A Redis that bills each command is looked at once a minute.
      AUTOSCALER_TURN_SECONDS: stage.redis === "upstash" ? "0" : "50",
    },
    permissions: scalerPermissions(stage, target),
    logging: { logGroup: logs.name },
    ...functionPlace(stage.redis === "elasticache", network),
    ...nodejs,
  });
  new sst.aws.CronV2("AutoscalerTurn", {
    schedule: "rate(1 minute)",
    function: scaler.arn,
    retries: 0,
  });
  return scaler;
}

/** AWS's own scaling on the share of the workers' capacity that is taken; it cannot start from zero. */
export function createTargetTracking(stage: Stage, worker: sst.aws.Service, namespace: string) {
  if (stage.scaler !== "target-tracking") return;
  const target = worker.nodes.autoScalingTarget;
  new aws.appautoscaling.Policy("WorkerOccupancy", {
    serviceNamespace: target.serviceNamespace,
    scalableDimension: target.scalableDimension,
    resourceId: target.resourceId,
    policyType: "TargetTrackingScaling",
    targetTrackingScalingPolicyConfiguration: {
      targetValue: 70,
      scaleOutCooldown: 30,
      scaleInCooldown: 300,
      customizedMetricSpecification: {
        namespace,
        metricName: "Occupancy",
        statistic: "Average",
      },
    },
  });
}
