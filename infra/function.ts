import type { Network } from "./network.ts";
import type { Stage } from "./stage.ts";

/** What functions are made of; the database's authorities go along. */
export const nodejs = {
  runtime: "nodejs24.x" as const,
  nodejs: {
    minify: true,
    esbuild: {
      // Native and optional parts; js-tiktoken's tables are for running flows, which no function does.
      external: ["isolated-vm", "pg-native", "msgpackr-extract", "js-tiktoken"],
      keepNames: true,
    },
  },
  copyFiles: [{ from: "infra/certificates/rds.pem", to: "rds.pem" }],
};

/** SST does not hand a component's dependencies on to what is in it. */
export const functionAfter = (after: $util.Input<$util.Resource>[]) => ({
  function: (_: aws.lambda.FunctionArgs, options: $util.CustomResourceOptions): undefined => {
    options.dependsOn = dependsAlso(options.dependsOn, after);
  },
});

export const dependsAlso = (
  before: $util.CustomResourceOptions["dependsOn"],
  after: $util.Input<$util.Resource>[],
) => [...((before ? [before].flat() : []) as $util.Resource[]), ...(after as $util.Resource[])];

/** In the VPC only for what lives there. */
export const functionPlace = (inVpc: boolean, { vpc, groups }: Network) =>
  inVpc
    ? { vpc: { privateSubnets: vpc.privateSubnets, securityGroups: [groups.function.id] } }
    : {};

export const functionEnvironment = (stage: Stage) => ({
  MODE: "queue",
  DATABASE_SSL: "true",
  DATABASE_POOL_SIZE: "2",
  ...(stage.database !== "external" && { NODE_EXTRA_CA_CERTS: "/var/task/rds.pem" }),
});
