import type { Stage } from "./stage.ts";

/** Connections a server of this class takes: Postgres' default of memory / 9531392, less what AWS keeps for itself. */
const postgresLimits: Record<string, number> = {
  "t4g.micro": 80,
  "t4g.small": 170,
  "t4g.medium": 400,
  "m7g.large": 840,
  // At most 4 ACU of 2 GB; AWS counts with the highest capacity when it may not pause to zero.
  aurora: 400,
};
const redisLimit = 20_000;
const connectionsPerProcess = 4;
/** Function environments that may be alive at once; reserved concurrency holds them to it. */
export const functionConcurrency = 20;

export interface Budget {
  postgres: { needed: number; limit: number | undefined; sum: string };
  redis: { needed: number; limit: number | undefined; sum: string };
}

/** What a stage at its largest holds open. While a deployment rolls, each service may have twice its tasks. */
export function connectionBudget(stage: Stage): Budget {
  const workers = stage.workers.max * 2;
  const apis = stage.api === "fargate" ? stage.apis.max * 2 : functionConcurrency;
  const apiPool = stage.api === "fargate" ? stage.poolSize.api : 2;
  const postgres = workers * stage.poolSize.worker + apis * apiPool + 1;
  const redis = (workers + apis) * connectionsPerProcess;
  const node = stage.database === "aurora" ? "aurora" : stage.databaseNode;
  return {
    postgres: {
      needed: postgres,
      limit: stage.database === "external" ? undefined : postgresLimits[node],
      sum: `${workers} workers × ${stage.poolSize.worker} + ${apis} APIs × ${apiPool} + 1 migration = ${postgres}`,
    },
    redis: {
      needed: redis,
      limit: stage.redis === "elasticache" ? redisLimit : undefined,
      sum: `(${workers} workers + ${apis} APIs) × ${connectionsPerProcess} = ${redis}`,
    },
  };
}

/** Refuses a stage that would run out of connections at its largest, and shows the sum. */
export function checkConnectionBudget(stage: Stage): void {
  const budget = connectionBudget(stage);
  for (const [name, { needed, limit, sum }] of Object.entries(budget))
    if (limit !== undefined && needed > limit)
      throw new Error(
        `Too many connections to ${name}: ${sum}, and ${stage.databaseNode} takes ${limit}. ` +
          "Lower workers.max or poolSize, or take a larger node, in infra/stage.ts.",
      );
}
