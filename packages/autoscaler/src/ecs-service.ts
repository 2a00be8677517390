import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from "@aws-sdk/client-ecs";

/** The service of workers, as far as the autoscaler has to do with it. */
export interface WorkerService {
  read(): Promise<ServiceState>;
  setDesired(count: number): Promise<void>;
}

export interface ServiceState {
  desired: number;
  running: number;
  pending: number;
  /** A new revision is on its way in; ECS itself is stopping and starting tasks. */
  deploying: boolean;
  /** The newest revision, once as many of its tasks run as are wanted. */
  servingRevision?: number | undefined;
}

export interface EcsOptions {
  cluster: string;
  service: string;
  region?: string;
  /** Another address of the API, for tests. */
  endpoint?: string | undefined;
}

/** Speaks to ECS; throttled and broken calls are tried again, three times in all, each bounded. */
export function openEcsService({ cluster, service, region, endpoint }: EcsOptions): WorkerService {
  const client = new ECSClient({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 5000 },
  });
  return {
    async read() {
      const { services = [], failures = [] } = await client.send(
        new DescribeServicesCommand({ cluster, services: [service] }),
      );
      const [found] = services;
      if (found?.status !== "ACTIVE")
        throw new Error(
          `The service ${service} cannot be scaled: ${found?.status ?? failures[0]?.reason ?? "absent"}`,
        );
      const deployments = found.deployments ?? [];
      const primary = deployments.find((deployment) => deployment.status === "PRIMARY");
      const serves =
        (primary?.runningCount ?? 0) > 0 &&
        (primary?.runningCount ?? 0) >= (found.desiredCount ?? 0);
      const revision = Number(primary?.taskDefinition?.split(":").at(-1));
      return {
        desired: found.desiredCount ?? 0,
        running: found.runningCount ?? 0,
        pending: found.pendingCount ?? 0,
        servingRevision: serves && revision > 0 ? revision : undefined,
        deploying:
          deployments.length > 1 ||
          deployments.some((deployment) => deployment.rolloutState === "IN_PROGRESS"),
      };
    },
    async setDesired(count) {
      await client.send(new UpdateServiceCommand({ cluster, service, desiredCount: count }));
    },
  };
}
