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
    // Nobody gets a shell in a task, so nobody needs the channel for it.
    taskRole: (args: aws.iam.RoleArgs): undefined => {
      args.inlinePolicies = $util.output(args.inlinePolicies ?? []).apply((policies) =>
        policies.map(({ name, policy }) => ({
          ...(name !== undefined && { name }),
          policy: withoutShell(policy ?? "{}"),
        })),
      );
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

function withoutShell(policy: string): string {
  const document = JSON.parse(policy) as { Statement: { Action: string[] }[] };
  const kept = document.Statement.filter(
    ({ Action }) => !Action.every((action) => action.startsWith("ssmmessages:")),
  );
  return JSON.stringify({ ...document, Statement: kept });
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
