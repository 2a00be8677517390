import assert from "node:assert/strict";
import type { Stage } from "../stage.ts";
import { filter, find, type Resource, type Synth, statements } from "../tools/sst-synth.mjs";

export interface Rule {
  title: string;
  applies?(stage: Stage): boolean;
  check(synth: Synth, stage: Stage): void;
}

const types = {
  service: "aws:ecs/service:Service",
  task: "aws:ecs/taskDefinition:TaskDefinition",
  role: "aws:iam/role:Role",
  group: "aws:ec2/securityGroup:SecurityGroup",
  rule: "aws:ec2/securityGroupRule:SecurityGroupRule",
  function: "aws:lambda/function:Function",
  redis: "aws:elasticache/replicationGroup:ReplicationGroup",
  policy: "aws:appautoscaling/policy:Policy",
  alarm: "aws:cloudwatch/metricAlarm:MetricAlarm",
};
const world = "0.0.0.0/0";

interface Container {
  stopTimeout?: number;
  environment: { name: string; value: string }[];
  secrets: { name: string; valueFrom: string }[];
  healthCheck: { command: string[] };
}
const container = (synth: Synth, name: string): Container =>
  JSON.parse(find(synth, types.task, `${name}Task`).inputs.containerDefinitions)[0];
const names = (resources: Resource[]) => resources.map(({ name }) => name).sort();
const allStatements = (synth: Synth) =>
  filter(synth, types.role).flatMap((role) => statements(role).map((each) => ({ role, each })));

/** What has to hold of every stage, whatever it is made of. */
export const rules: Rule[] = [
  {
    title: "Redis speaks TLS only and never evicts",
    applies: ({ redis }) => redis === "elasticache",
    check(synth, stage) {
      const { inputs, ...options } = find(synth, types.redis);
      assert.equal(inputs.transitEncryptionEnabled, true);
      assert.equal(inputs.transitEncryptionMode, "required");
      assert.equal(inputs.atRestEncryptionEnabled, true);
      const { parameters } = find(synth, "aws:elasticache/parameterGroup:ParameterGroup").inputs;
      const policy = parameters.find((each: { name: string }) => each.name === "maxmemory-policy");
      assert.equal(policy?.value, "noeviction");
      if (!stage.production) return;
      assert.deepEqual([inputs.numCacheClusters, inputs.automaticFailoverEnabled], [2, true]);
      assert.ok(inputs.snapshotRetentionLimit >= 7);
      assert.ok(options.retainOnDelete && options.protect);
    },
  },
  {
    title: "Postgres refuses plain connections, and in production is kept and backed up",
    applies: ({ database }) => database !== "external",
    check(synth, stage) {
      const aurora = stage.database === "aurora";
      const group = aurora
        ? "aws:rds/clusterParameterGroup:ClusterParameterGroup"
        : "aws:rds/parameterGroup:ParameterGroup";
      const { parameters } = find(synth, group, /^Database/).inputs;
      assert.deepEqual(
        parameters.map(({ name, value }: { name: string; value: string }) => [name, value]),
        [["rds.force_ssl", "1"]],
      );
      const server = find(synth, aurora ? "aws:rds/cluster:Cluster" : "aws:rds/instance:Instance");
      assert.deepEqual(server.inputs.vpcSecurityGroupIds, ["sg-database-group"]);
      if (!stage.production) return;
      assert.equal(server.inputs.deletionProtection, true);
      assert.equal(server.inputs.skipFinalSnapshot, false);
      assert.ok(server.inputs.backupRetentionPeriod >= 7);
      assert.ok(server.retainOnDelete && server.protect);
    },
  },
  {
    title: "a worker has two minutes to stop, and drains within them",
    check(synth) {
      const { stopTimeout, environment } = container(synth, "Worker");
      assert.equal(stopTimeout, 120);
      const drain = environment.find(({ name }) => name === "WORKER_STOP_TIMEOUT_SECONDS");
      assert.ok(Number(drain?.value) < 120 && Number(drain?.value) > 60);
    },
  },
  {
    title: "the count of workers is not the deploy's",
    check(synth) {
      assert.ok(find(synth, types.service, "WorkerService").ignoreChanges.includes("desiredCount"));
    },
  },
  {
    title: "nobody but the balancer is open to the world",
    check(synth) {
      for (const { name, inputs } of filter(synth, types.group))
        for (const ingress of inputs.ingress ?? [])
          assert.ok(!ingress.cidrBlocks?.includes(world), `${name} is open to the world`);
      assert.deepEqual(
        find(synth, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs.ingress,
        [],
      );
      for (const { name, inputs } of filter(synth, types.rule)) {
        if (!inputs.cidrBlocks) continue;
        assert.equal(inputs.securityGroupId, "sg-balancer-group", `${name} is open to the world`);
        assert.ok([80, 443].includes(inputs.fromPort));
      }
      const worker = find(synth, types.service, "WorkerService").inputs.networkConfiguration;
      assert.deepEqual(worker.securityGroups, ["sg-worker-group"]);
    },
  },
  {
    title: "no secret stands in a task definition or a function's environment",
    check(synth) {
      const secret = /rediss?:|postgres:|Synth!Pass|synth-[A-Z]\w+/;
      const wanted = ["DATABASE_URL", "FLOWISE_SECRETKEY_OVERWRITE", "REDIS_URL"];
      for (const task of filter(synth, types.task)) {
        assert.doesNotMatch(task.inputs.containerDefinitions, secret, task.name);
        const [{ secrets }] = JSON.parse(task.inputs.containerDefinitions) as [Container];
        const given = secrets.map(({ name }) => name).filter((name) => name !== "SLUICE_API_KEY");
        assert.deepEqual(given.sort(), wanted);
        for (const { valueFrom } of secrets) assert.match(valueFrom, /^arn:aws:secretsmanager:/);
      }
      for (const { name, inputs } of filter(synth, types.function))
        assert.doesNotMatch(JSON.stringify(inputs.environment ?? {}), secret, name);
    },
  },
  {
    title: "no role may do everything, or anything to everything",
    check(synth) {
      for (const { role, each } of allStatements(synth)) {
        assert.ok(
          !each.Action.some((action) => action.endsWith("*")),
          `${role.name}: ${each.Action}`,
        );
        assert.ok(!each.Resource.includes("*"), `${role.name} may ${each.Action} on everything`);
      }
    },
  },
  {
    title: "one party alone changes the count of workers",
    check(synth, stage) {
      const policies = names(filter(synth, types.policy, /^Worker/));
      const updates = allStatements(synth).filter(({ each }) =>
        each.Action.includes("ecs:UpdateService"),
      );
      const controller = stage.scaler === "controller";
      assert.deepEqual(policies, controller ? [] : ["WorkerOccupancy"]);
      assert.equal(updates.length, controller ? 1 : 0);
      if (controller)
        assert.deepEqual(updates[0]?.each.Resource, [
          find(synth, types.service, "WorkerService").id,
        ]);
      const acts = stage.api === "fargate" ? container(synth, "Api").environment : undefined;
      const told = acts
        ? acts.find(({ name }) => name === "AUTOSCALER_ACTS")?.value
        : find(synth, types.function, "AutoscalerFunction").inputs.environment.variables
            .AUTOSCALER_ACTS;
      assert.equal(told, String(controller));
    },
  },
  {
    title: "target tracking begins with a worker: it cannot start from zero",
    applies: ({ scaler }) => scaler === "target-tracking",
    check(synth) {
      const target = find(synth, "aws:appautoscaling/target:Target", "WorkerAutoScalingTarget");
      assert.ok(target.inputs.minCapacity >= 1);
    },
  },
  {
    title: "the function streams",
    applies: ({ api }) => api === "lambda",
    check(synth, stage) {
      if (stage.redis !== "elasticache" && stage.database === "external") {
        const url = find(synth, "aws:lambda/functionUrl:FunctionUrl");
        assert.equal(url.inputs.invokeMode, "RESPONSE_STREAM");
        return;
      }
      const routes = filter(synth, "aws:apigateway/integration:Integration", /^HttpRoute/);
      assert.equal(routes.length, 2);
      for (const { inputs } of routes) {
        assert.equal(inputs.responseTransferMode, "STREAM");
        assert.match(inputs.uri, /response-streaming-invocations$/);
      }
    },
  },
  {
    title: "new code serves only after the migrations",
    check(synth, stage) {
      const serving = [find(synth, types.service, "WorkerService")];
      if (stage.api === "fargate") serving.push(find(synth, types.service, "ApiService"));
      else serving.push(find(synth, types.function, "ApiFunction"));
      for (const { name, dependsOn } of serving)
        assert.ok(
          dependsOn.some((urn) => urn.endsWith("::Migration")),
          `${name} does not wait`,
        );
      const { inputs } = find(synth, "aws:lambda/invocation:Invocation", "Migration");
      assert.match(inputs.triggers.migrations, /^[0-9a-f]{16}$/);
    },
  },
  {
    title: "production waits for the rollout, takes turns safely and speaks HTTPS",
    applies: ({ production }) => production,
    check(synth, stage) {
      const worker = find(synth, types.service, "WorkerService").inputs;
      assert.equal(worker.waitForSteadyState, true);
      assert.deepEqual(worker.deploymentCircuitBreaker, { enable: true, rollback: true });
      assert.deepEqual(
        [worker.deploymentMinimumHealthyPercent, worker.availabilityZoneRebalancing],
        [100, "DISABLED"],
      );
      if (stage.api !== "fargate") return;
      const listeners = filter(synth, "aws:lb/listener:Listener");
      assert.deepEqual(listeners.map(({ inputs }) => inputs.protocol).sort(), ["HTTP", "HTTPS"]);
      const plain = listeners.find(({ inputs }) => inputs.protocol === "HTTP");
      assert.equal(plain?.inputs.defaultActions[0].type, "redirect");
    },
  },
  {
    title: "what can go wrong has an alarm, the autoscaler's silence too",
    check(synth, stage) {
      const wanted = ["AutoscalerSilent", "FailedRatio", "QueueAge"];
      if (stage.redis === "elasticache") wanted.push("RedisEvictions", "RedisMemory");
      if (stage.database !== "external") wanted.push("DatabaseConnections", "DatabaseCpu");
      assert.deepEqual(names(filter(synth, types.alarm)), wanted.sort());
      assert.equal(
        find(synth, types.alarm, "AutoscalerSilent").inputs.treatMissingData,
        "breaching",
      );
      assert.equal(
        filter(synth, "aws:cloudwatch/dashboard:Dashboard").length,
        stage.production ? 1 : 0,
      );
    },
  },
  {
    title: "functions are small: at most 5 MB of code",
    check(synth) {
      for (const { functionID, bytes } of synth.builds)
        assert.ok(bytes <= 5_000_000, `${functionID} has ${bytes} bytes`);
    },
  },
  {
    title: "the outputs say how to import the first flow",
    check(synth) {
      assert.match(String(synth.outputs.firstFlow), /sluice import .* --url https?:\/\/.* --key/);
    },
  },
];

/** Titles of the rules that a stage breaks. */
export function broken(synth: Synth, stage: Stage): string[] {
  return rules
    .filter(({ applies }) => applies?.(stage) ?? true)
    .flatMap(({ title, check }) => {
      try {
        check(synth, stage);
        return [];
      } catch (error) {
        return [`${title}: ${(error as Error).message.split("\n")[0]}`];
      }
    });
}
