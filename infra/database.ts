import type { Network } from "./network.ts";
import type { Secrets } from "./secret.ts";
import type { Stage } from "./stage.ts";

export interface DatabaseStore {
  url: $util.Output<string>;
  /** What CloudWatch knows it by, where AWS runs it. */
  dimension: Record<string, $util.Output<string>> | undefined;
}

/** Postgres as one URL, whoever runs it. */
export function createDatabase(
  stage: Stage,
  { vpc, groups }: Network,
  secrets: Secrets,
): DatabaseStore {
  if (stage.database === "external") return { url: secrets.databaseUrl(), dimension: undefined };
  const kept = { retainOnDelete: true, protect: true };
  const final = `${$app.name}-${$app.stage}-database-final`;
  if (stage.database === "aurora") {
    const aurora = new sst.aws.Aurora("Database", {
      engine: "postgres",
      vpc: { subnets: vpc.privateSubnets, securityGroups: [groups.database.id] },
      scaling: { min: stage.production ? "0.5 ACU" : "0 ACU", max: "4 ACU" },
      transform: {
        cluster: (args, options) => {
          if (!stage.production) return;
          args.deletionProtection = true;
          args.skipFinalSnapshot = false;
          args.finalSnapshotIdentifier = final;
          args.backupRetentionPeriod = 14;
          Object.assign(options, kept);
        },
        clusterParameterGroup: (args) => {
          args.parameters = [{ name: "rds.force_ssl", value: "1" }];
        },
      },
    });
    return {
      url: urlOf(aurora),
      dimension: { DBClusterIdentifier: aurora.id },
    };
  }
  const postgres = new sst.aws.Postgres("Database", {
    vpc: { subnets: vpc.privateSubnets },
    instance: stage.databaseNode,
    multiAz: stage.standby,
    transform: {
      parameterGroup: (args) => {
        args.parameters = [{ name: "rds.force_ssl", value: "1" }];
      },
      instance: (args, options) => {
        args.vpcSecurityGroupIds = [groups.database.id];
        args.allowMajorVersionUpgrade = false;
        if (!stage.production) return;
        args.deletionProtection = true;
        args.skipFinalSnapshot = false;
        args.finalSnapshotIdentifier = final;
        args.backupRetentionPeriod = 14;
        Object.assign(options, kept);
      },
    },
  });
  return {
    url: urlOf(postgres),
    dimension: { DBInstanceIdentifier: postgres.id },
  };
}

function urlOf(store: sst.aws.Postgres | sst.aws.Aurora): $util.Output<string> {
  return $resolve([store.host, store.port, store.username, store.password, store.database]).apply(
    ([host, port, username, password, database]) =>
      `postgres://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${host}:${port}/${database}`,
  );
}
