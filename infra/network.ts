import { functionsInVpc, type Stage } from "./stage.ts";

/** The VPC, and one security group for each kind of thing in it. */
export function createNetwork(stage: Stage) {
  // Tasks have public addresses; only functions in private subnets need a way out.
  const needsNat = functionsInVpc(stage) && stage.api === "lambda";
  const vpc = new sst.aws.Vpc("Network", {
    ...(needsNat && { nat: stage.production ? "managed" : "ec2" }),
    transform: {
      // SST's default group lets everything in the VPC reach everything; ours say who may reach whom.
      securityGroup: (args) => {
        args.ingress = [];
      },
      natSecurityGroup: (args) => {
        args.ingress = [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["10.0.0.0/16"] }];
      },
    },
  });
  const group = (name: string, description: string) =>
    new aws.ec2.SecurityGroup(`${name}Group`, {
      vpcId: vpc.id,
      description,
      egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
    });
  const groups = {
    balancer: group("Balancer", "The load balancer"),
    api: group("Api", "API tasks"),
    worker: group("Worker", "Worker tasks"),
    function: group("Function", "Functions"),
    redis: group("Redis", "Redis"),
    database: group("Database", "Postgres"),
  };
  type Name = keyof typeof groups;
  const allow = (to: Name, port: number, from: Name) =>
    new aws.ec2.SecurityGroupRule(`${from}To${to}${port}`, {
      type: "ingress",
      securityGroupId: groups[to].id,
      sourceSecurityGroupId: groups[from].id,
      protocol: "tcp",
      fromPort: port,
      toPort: port,
    });
  allow("api", 3000, "balancer");
  for (const from of ["api", "worker", "function"] as const) {
    allow("redis", 6379, from);
    allow("database", 5432, from);
  }
  if (stage.api === "fargate")
    for (const port of [80, 443])
      new aws.ec2.SecurityGroupRule(`worldToBalancer${port}`, {
        type: "ingress",
        securityGroupId: groups.balancer.id,
        cidrBlocks: ["0.0.0.0/0"],
        protocol: "tcp",
        fromPort: port,
        toPort: port,
      });
  return { vpc, groups };
}
export type Network = ReturnType<typeof createNetwork>;
