import type { Network } from "./network.ts";
import type { Stage } from "./stage.ts";

/** What functions are bundled with: native and optional parts stay out, the database's authorities go along. */
export const nodejs = {
  runtime: "nodejs24.x" as const,
  nodejs: {
    minify: true,
    esbuild: { external: ["isolated-vm", "pg-native", "msgpackr-extract"], keepNames: true },
  },
  copyFiles: [{ from: "infra/certificates/rds.pem", to: "rds.pem" }],
};

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
