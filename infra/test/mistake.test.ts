import { expect, test } from "vitest";
import { type Stage, stageOf } from "../stage.ts";
import { copyProject, type Edit } from "../tools/project-copy.ts";
import { synth } from "../tools/sst-synth.mjs";
import { broken } from "./rules.ts";

interface Mistake {
  mistake: string;
  edits: Edit[];
  /** Words of the rule, or of the program's own refusal. */
  caught: RegExp;
  as?: Partial<Stage>;
}
const lambda: Edit = { file: "infra/stage.ts", from: 'api: "fargate",', to: 'api: "lambda",' };
const tracking: Edit = {
  file: "infra/stage.ts",
  from: 'scaler: "controller",',
  to: 'scaler: "target-tracking",',
};

const mistakes: Mistake[] = [
  {
    mistake: "TLS off",
    edits: [
      {
        file: "infra/redis.ts",
        from: "args.transitEncryptionEnabled = true",
        to: "args.transitEncryptionEnabled = false",
      },
    ],
    caught: /Redis speaks TLS only/,
  },
  {
    mistake: "an evicting policy",
    edits: [{ file: "infra/redis.ts", from: '"noeviction"', to: '"allkeys-lru"' }],
    caught: /never evicts/,
  },
  {
    mistake: "a stop timeout of 30 s",
    edits: [
      { file: "infra/worker.ts", from: "stopTimeout: stopTimeoutSeconds", to: "stopTimeout: 30" },
    ],
    caught: /two minutes to stop/,
  },
  {
    mistake: "a desired count that the deploy manages",
    edits: [{ file: "infra/worker.ts", from: ', "desiredCount"]', to: "]" }],
    caught: /count of workers is not the deploy's/,
  },
  {
    mistake: "an open security group",
    edits: [
      {
        file: "infra/network.ts",
        from: "sourceSecurityGroupId: groups[from].id,",
        to: 'cidrBlocks: ["0.0.0.0/0"],',
      },
    ],
    caught: /open to the world/,
  },
  {
    mistake: "a secret in the plain environment",
    edits: [
      {
        file: "infra/worker.ts",
        from: "ssm: settings.workerSsm,",
        to: "ssm: settings.workerSsm,\n      link: [settings.link],",
      },
    ],
    caught: /no secret stands in a task definition/,
  },
  {
    mistake: "a wildcard role",
    edits: [{ file: "infra/worker.ts", from: "resources: [tasks]", to: 'resources: ["*"]' }],
    caught: /anything to everything/,
  },
  {
    mistake: "streaming off at the REST API",
    edits: [lambda, { file: "infra/api.ts", from: "{ streaming: true, name }", to: "{ name }" }],
    as: { api: "lambda" },
    caught: /the function streams/,
  },
  {
    mistake: "streaming off at the function URL",
    edits: [
      lambda,
      { file: "infra/stage.ts", from: 'redis: "elasticache",', to: 'redis: "upstash",' },
      { file: "infra/stage.ts", from: 'database: "rds",', to: 'database: "external",' },
      {
        file: "infra/api.ts",
        from: "streaming: true,",
        to: "streaming: false,",
      },
    ],
    as: { api: "lambda", redis: "upstash", database: "external" },
    caught: /the function streams/,
  },
  {
    mistake: "both scalers at once",
    edits: [
      {
        file: "infra/autoscaler.ts",
        from: 'if (stage.scaler !== "target-tracking") return;',
        to: "",
      },
    ],
    caught: /one party alone/,
  },
  {
    mistake: "target tracking from zero in production",
    edits: [
      tracking,
      { file: "infra/stage.ts", from: "workers: { min: 1,", to: "workers: { min: 0," },
    ],
    as: { scaler: "target-tracking" },
    caught: /cannot start from zero/,
  },
  {
    mistake: "target tracking from zero past the table's own check",
    edits: [tracking, { file: "infra/worker.ts", from: "min: stage.workers.min,", to: "min: 0," }],
    as: { scaler: "target-tracking" },
    caught: /cannot start from zero/,
  },
  {
    mistake: "code that serves before the migrations",
    edits: [{ file: "infra/worker.ts", from: /options\.dependsOn = .*;/, to: "" }],
    caught: /only after the migrations/,
  },
  {
    mistake: "more connections than Postgres takes",
    edits: [{ file: "infra/stage.ts", from: "max: 10,", to: "max: 100," }],
    caught: /200 workers × 10 \+ 8 APIs × 10 \+ 1 migration = 2081, and t4g.medium takes 400/,
  },
  {
    mistake: "production without HTTPS",
    edits: [
      {
        file: "infra/deploy.ts",
        from: "domain: process.env.SLUICE_DOMAIN",
        to: "domain: undefined",
      },
    ],
    caught: /needs HTTPS in production/,
  },
];

test.concurrent.each(mistakes)("$mistake is caught", async ({ edits, as, caught }) => {
  const { root, remove } = copyProject(edits);
  const stage = { ...stageOf("production", {}), ...as };
  try {
    const env = { SLUICE_DOMAIN: "api.example.com" };
    const found = await synth({ root, stage: "production", env, bundles: false }).then(
      (result) => broken(result, stage),
      (error: Error) => [error.message],
    );
    expect(found.join("\n")).toMatch(caught);
  } finally {
    remove();
  }
});
