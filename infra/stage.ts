/** What a deployment can be made of; the first is what a stage gets that says nothing. */
export const choices = {
  api: ["fargate", "lambda"],
  redis: ["elasticache", "upstash", "external"],
  database: ["rds", "aurora", "external"],
  scaler: ["controller", "target-tracking"],
} as const;
type Choices = { [K in keyof typeof choices]: (typeof choices)[K][number] };

export interface Stage extends Choices {
  production: boolean;
  workers: {
    min: number;
    max: number;
    cpu: "0.5 vCPU" | "1 vCPU" | "2 vCPU";
    memory: "2 GB" | "4 GB";
  };
  /** Most workers on spot capacity, with one on demand as a base. */
  spot: boolean;
  /** Predictions a worker begins with. */
  workerCapacity: number;
  apis: { min: number; max: number };
  redisNode: string;
  databaseNode: string;
  /** A standby in another zone, for Redis and Postgres. */
  standby: boolean;
  poolSize: { api: number; worker: number };
  /** Predictions of flows without a key of their own need one too; Flowise leaves them open. */
  requireKey: boolean;
}

const small: Stage = {
  api: "fargate",
  redis: "elasticache",
  database: "rds",
  scaler: "controller",
  production: false,
  workers: { min: 0, max: 2, cpu: "0.5 vCPU", memory: "2 GB" },
  spot: true,
  workerCapacity: 100,
  apis: { min: 1, max: 1 },
  redisNode: "t4g.micro",
  databaseNode: "t4g.micro",
  standby: false,
  poolSize: { api: 5, worker: 5 },
  requireKey: false,
};

/** Every stage that people share. Any other name, `pr-7` or a developer's, gets the small one. */
const stages: Record<string, Stage> = {
  production: {
    ...small,
    production: true,
    workers: { min: 1, max: 10, cpu: "1 vCPU", memory: "2 GB" },
    spot: false,
    workerCapacity: 200,
    apis: { min: 2, max: 4 },
    redisNode: "t4g.small",
    databaseNode: "t4g.medium",
    standby: true,
    poolSize: { api: 10, worker: 10 },
  },
};

const variables = {
  api: "SLUICE_API",
  redis: "SLUICE_REDIS",
  database: "SLUICE_DATABASE",
  scaler: "SLUICE_SCALER",
} as const satisfies Record<keyof Choices, string>;

/** What the stage is made of: its row, and outside production what the variables say instead. */
export function stageOf(name: string, environment: Record<string, string | undefined>): Stage {
  const stage = { ...(stages[name] ?? small) };
  for (const key of Object.keys(choices) as (keyof Choices)[]) {
    const variable = variables[key];
    const value = environment[variable];
    if (!value) continue;
    if (stage.production)
      throw new Error(
        `${variable} is not for ${name}: what it is made of stands in infra/stage.ts`,
      );
    if (!(choices[key] as readonly string[]).includes(value))
      throw new Error(`${variable}=${value}: expected one of ${choices[key].join(", ")}`);
    Object.assign(stage, { [key]: value });
  }
  if (stage.scaler === "target-tracking" && stage.workers.min < 1) {
    if (stage.production)
      throw new Error(
        "Target tracking cannot start from zero: set workers.min to 1 in infra/stage.ts",
      );
    stage.workers = { ...stage.workers, min: 1 };
  }
  return stage;
}

/** Whether functions have to live in the VPC to reach what they need. */
export const functionsInVpc = ({ redis, database }: Stage): boolean =>
  redis === "elasticache" || database !== "external";
