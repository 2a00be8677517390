import type { Api } from "./api.ts";
import type { DatabaseStore } from "./database.ts";
import type { RedisStore } from "./redis.ts";
import type { Stage } from "./stage.ts";

export const metricNamespace = () => `Sluice/${$app.stage}`;

/** Numbers of the autoscaler's line, one for each look. */
const fleetMetrics = {
  Waiting: "waiting",
  Running: "running",
  OldestSeconds: "oldestSeconds",
  Workers: "workers",
  Desired: "desired",
  Occupancy: "occupancy",
} as const;

export interface AlarmParts {
  /** Where the autoscaler's line is written. */
  fleetLogGroup: string;
  workerLogGroup: string;
  api: Api;
  redis: RedisStore;
  database: DatabaseStore;
  maxConnections: number | undefined;
  email: string | undefined;
  after: $util.Input<$util.Resource>[];
}

/** What wakes somebody, and one page to look at. */
export function createAlarms(stage: Stage, parts: AlarmParts) {
  const { fleetLogGroup, workerLogGroup, redis, database, email, after } = parts;
  const namespace = metricNamespace();
  const topic = new aws.sns.Topic("Alarms");
  if (email)
    new aws.sns.TopicSubscription("AlarmMail", {
      topic: topic.arn,
      protocol: "email",
      endpoint: email,
    });

  const filter = (name: string, logGroupName: string, pattern: string, value: string) =>
    new aws.cloudwatch.LogMetricFilter(
      `${name}Metric`,
      { logGroupName, pattern, metricTransformation: { name, namespace, value } },
      { dependsOn: after },
    );
  for (const [name, field] of Object.entries(fleetMetrics))
    filter(name, fleetLogGroup, '{ $.metric = "fleet" }', `$.${field}`);
  filter("Ended", workerLogGroup, '{ $.metric = "ended" }', "1");
  filter("Failed", workerLogGroup, '{ $.metric = "ended" && $.state = "failed" }', "1");

  const alarm = (name: string, args: Omit<aws.cloudwatch.MetricAlarmArgs, "alarmActions">) =>
    new aws.cloudwatch.MetricAlarm(name, {
      alarmActions: [topic.arn],
      okActions: [topic.arn],
      treatMissingData: "notBreaching",
      ...args,
    });
  const over = (namespace: string, metricName: string, threshold: number, minutes = 5) => ({
    namespace,
    metricName,
    statistic: "Maximum",
    period: 60,
    evaluationPeriods: minutes,
    threshold,
    comparisonOperator: "GreaterThanThreshold",
  });

  alarm("QueueAge", {
    ...over(namespace, "OldestSeconds", 120),
    alarmDescription: "Predictions wait longer than two minutes for a worker",
  });
  alarm("AutoscalerSilent", {
    namespace,
    metricName: "Desired",
    statistic: "SampleCount",
    period: 60,
    evaluationPeriods: 5,
    threshold: 1,
    comparisonOperator: "LessThanThreshold",
    // Silence is what this is about.
    treatMissingData: "breaching",
    alarmDescription: "Nobody has looked at the fleet for five minutes",
  });
  alarm("FailedRatio", {
    alarmDescription: "One prediction in five fails",
    evaluationPeriods: 3,
    threshold: 0.2,
    comparisonOperator: "GreaterThanThreshold",
    metricQueries: [
      { id: "failed", metric: { namespace, metricName: "Failed", stat: "Sum", period: 300 } },
      { id: "ended", metric: { namespace, metricName: "Ended", stat: "Sum", period: 300 } },
      {
        id: "ratio",
        expression: "FILL(failed, 0) / ended",
        label: "Failed ratio",
        returnData: true,
      },
    ],
  });
  if (redis.nodeId) {
    const dimensions = { ReplicationGroupId: redis.nodeId };
    alarm("RedisMemory", {
      ...over("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", 70),
      dimensions,
      alarmDescription: "Redis is short of memory; it never evicts, so writes will fail",
    });
    alarm("RedisEvictions", {
      ...over("AWS/ElastiCache", "Evictions", 0, 1),
      dimensions,
      alarmDescription: "Redis has thrown something away",
    });
  }
  if (database.dimension) {
    alarm("DatabaseConnections", {
      ...over("AWS/RDS", "DatabaseConnections", Math.floor((parts.maxConnections ?? 100) * 0.8)),
      dimensions: database.dimension,
      alarmDescription: "Postgres is short of connections",
    });
    alarm("DatabaseCpu", {
      ...over("AWS/RDS", "CPUUtilization", 80, 15),
      dimensions: database.dimension,
      alarmDescription: "Postgres is busy",
    });
  }
  if (stage.production) createDashboard(namespace);
  return topic;
}

function createDashboard(namespace: string): void {
  const widget = (title: string, metrics: string[], x: number) => ({
    type: "metric",
    x,
    y: 0,
    width: 8,
    height: 6,
    properties: {
      title,
      region: aws.getRegionOutput().region,
      period: 60,
      stat: "Maximum",
      metrics: metrics.map((name) => [namespace, name]),
    },
  });
  new aws.cloudwatch.Dashboard("Dashboard", {
    dashboardName: `${$app.name}-${$app.stage}`,
    dashboardBody: $jsonStringify({
      widgets: [
        widget("Work", ["Waiting", "Running"], 0),
        widget("Workers", ["Workers", "Desired"], 8),
        widget("Waiting and failing", ["OldestSeconds", "Failed"], 16),
      ],
    }),
  });
}
