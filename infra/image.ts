import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ContainerDefinition } from "@aws-sdk/client-ecs";

export const architecture = "arm64";

/** One of the Dockerfile's targets. */
export function image(target: "api" | "worker") {
  if (!existsSync(join($cli.paths.root, "Dockerfile"))) throw new Error("There is no Dockerfile");
  return { context: ".", dockerfile: "Dockerfile", target };
}

/** What both services do to their task: our own containers, and secrets of ours alone. */
export function taskTransform(secretArn: $util.Input<string>, edit: Partial<ContainerDefinition>) {
  return {
    executionRole: (args: aws.iam.RoleArgs): undefined => {
      args.inlinePolicies = [
        {
          name: "settings",
          policy: aws.iam.getPolicyDocumentOutput({
            statements: [{ actions: ["secretsmanager:GetSecretValue"], resources: [secretArn] }],
          }).json,
        },
      ];
    },
    // SST keeps containers as one JSON text, unseen by the compiler.
    taskDefinition: (args: { containerDefinitions: $util.Input<string> }): undefined => {
      args.containerDefinitions = $util.output(args.containerDefinitions).apply((json) => {
        const containers = JSON.parse(json) as ContainerDefinition[];
        return JSON.stringify(
          containers.map((container) => ({ ...container, pseudoTerminal: false, ...edit })),
        );
      });
    },
  };
}

export const probe = (port: number, path: string) => ({
  command: [
    "CMD",
    "node",
    "-e",
    `fetch("http://127.0.0.1:${port}${path}").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`,
  ],
  startPeriod: "30 seconds" as const,
  interval: "10 seconds" as const,
  timeout: "5 seconds" as const,
  retries: 3,
});
