import { type ScalerTarget, scalerEnvironment, scalerPermissions } from "./autoscaler.ts";
import { functionConcurrency } from "./connection-budget.ts";
import {
  dependsAlso,
  functionAfter,
  functionEnvironment,
  functionPlace,
  nodejs,
} from "./function.ts";
import type { Given } from "./given.ts";
import { architecture, image, probe, taskTransform } from "./image.ts";
import type { Network } from "./network.ts";
import type { Settings } from "./secret.ts";
import { functionsInVpc, type Stage } from "./stage.ts";
import type { Storage } from "./storage.ts";

export interface ApiParts {
  cluster: sst.aws.Cluster;
  network: Network;
  settings: Settings;
  storage: Storage;
  given: Given;
  target: ScalerTarget;
  /** The scheduled autoscaler that a Lambda API wakes. */
  scaler: sst.aws.Function | undefined;
  domain: string | undefined;
  after: $util.Input<$util.Resource>[];
}

export interface Api {
  url: $util.Output<string>;
  /** Of the process that writes the autoscaler's line, where that is the API. */
  logGroup: string;
  balancer: aws.lb.LoadBalancer | undefined;
  resource: $util.Resource;
}

export const apiLogGroup = () => `/sluice/${$app.stage}/api`;

export function createApi(stage: Stage, parts: ApiParts): Api {
  return stage.api === "fargate" ? createFargateApi(stage, parts) : createLambdaApi(stage, parts);
}

function createFargateApi(stage: Stage, parts: ApiParts): Api {
  const { cluster, network, settings, storage, given, target, domain, after } = parts;
  if (stage.production && !domain)
    throw new Error("The API needs HTTPS in production: set SLUICE_DOMAIN, e.g. api.example.com");
  const stopTimeout = 120;
  const service = new sst.aws.Service("Api", {
    cluster,
    image: image("api"),
    architecture,
    cpu: "0.5 vCPU",
    memory: "1 GB",
    scaling: { ...stage.apis, cpuUtilization: 60, memoryUtilization: false },
    loadBalancer: {
      ...(domain && { domain }),
      rules: domain
        ? [
            { listen: "80/http", redirect: "443/https" },
            { listen: "443/https", forward: "3000/http" },
          ]
        : [{ listen: "80/http", forward: "3000/http" }],
      health: { "3000/http": { path: "/readyz", interval: "10 seconds", healthyThreshold: 2 } },
    },
    health: probe(3000, "/healthz"),
    environment: {
      ...given.api,
      MODE: "queue",
      PORT: "3000",
      SLUICE_REQUIRE_KEY: String(stage.requireKey),
      // The load balancer is the one proxy in front.
      TRUST_PROXY: "1",
      API_STOP_TIMEOUT_SECONDS: String(stopTimeout - 10),
      DATABASE_SSL: "true",
      DATABASE_POOL_SIZE: String(stage.poolSize.api),
      ...storage.environment,
      ...scalerEnvironment(stage, target),
    },
    ssm: settings.apiSsm,
    permissions: [...storage.permissions, ...scalerPermissions(stage, target)],
    logging: { name: apiLogGroup(), retention: "1 month" },
    wait: stage.production,
    transform: {
      ...taskTransform(settings.arn, {
        stopTimeout,
        portMappings: [{ containerPort: 3000, protocol: "tcp" }],
      }),
      service: (args, options) => {
        options.dependsOn = dependsAlso(options.dependsOn, after);
        args.networkConfiguration = $util
          .output(args.networkConfiguration)
          .apply((found) => ({ ...found!, securityGroups: [network.groups.api.id] }));
        args.enableExecuteCommand = false;
        args.healthCheckGracePeriodSeconds = 60;
      },
      loadBalancer: (args) => {
        args.securityGroups = [network.groups.balancer.id];
        // Longer than the longest silence between two heartbeats of a stream.
        args.idleTimeout = 300;
      },
      // Not used: the balancer has a group of ours.
      loadBalancerSecurityGroup: (args) => {
        args.ingress = [];
      },
      target: (args) => {
        args.deregistrationDelay = 60;
      },
    },
  });
  return {
    url: service.url,
    logGroup: apiLogGroup(),
    balancer: service.nodes.loadBalancer,
    resource: service,
  };
}

function createLambdaApi(stage: Stage, parts: ApiParts): Api {
  const { network, settings, storage, given, scaler, domain, after } = parts;
  const inVpc = functionsInVpc(stage);
  const handler = new sst.aws.Function("Api", {
    handler: "packages/api/src/lambda.handler",
    architecture: "arm64",
    memory: "1024 MB",
    timeout: "150 seconds",
    streaming: true,
    // AWS does not stream through a function URL from inside a VPC; there a REST API does it.
    url: inVpc ? false : { cors: false },
    concurrency: { reserved: functionConcurrency },
    link: [settings.link],
    environment: {
      ...given.function,
      ...functionEnvironment(stage),
      ...storage.environment,
      SLUICE_REQUIRE_KEY: String(stage.requireKey),
      // The gateway, or the function URL, names the caller in the event itself.
      TRUST_PROXY: "1",
      ...(scaler && { AUTOSCALER_FUNCTION: scaler.name }),
    },
    permissions: [
      ...storage.permissions,
      ...(scaler ? [{ actions: ["lambda:InvokeFunction"], resources: [scaler.arn] }] : []),
    ],
    logging: { retention: "1 month" },
    transform: functionAfter(after),
    ...functionPlace(inVpc, network),
    ...nodejs,
  });
  if (!inVpc)
    return { url: handler.url, logGroup: apiLogGroup(), balancer: undefined, resource: handler };
  const rest = new sst.aws.ApiGatewayV1("Http", {
    endpoint: { type: "regional" },
    // Each flow says which origins it takes; the app answers for it.
    cors: false,
    ...(domain && { domain }),
  });
  const routes = [
    ["ANY /", "Root"],
    ["ANY /{proxy+}", "Rest"],
  ] as const;
  for (const [route, name] of routes) rest.route(route, handler.arn, { streaming: true, name });
  rest.deploy();
  return { url: rest.url, logGroup: apiLogGroup(), balancer: undefined, resource: handler };
}
