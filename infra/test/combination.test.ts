import { expect, test } from "vitest";
import { choices, stageOf } from "../stage.ts";
import { copyProject, projectRoot } from "../tools/project-copy.ts";
import { synth } from "../tools/sst-synth.mjs";
import { broken } from "./rules.ts";

const combinations = choices.api.flatMap((api) =>
  choices.redis.flatMap((redis) =>
    choices.database.flatMap((database) =>
      choices.scaler.map((scaler) => ({ api, redis, database, scaler })),
    ),
  ),
);
const env = { SLUICE_DOMAIN: "api.example.com" };

test.concurrent.each(combinations)(
  "production of $api, $redis, $database and $scaler holds every rule",
  async (combination) => {
    const { api, redis, database, scaler } = combination;
    // Functions are made of the same code whatever else there is: one of each kind is enough.
    const bundles = redis === "upstash" && scaler === "controller";
    const row = `production: {\n    ...small,\n    api: "${api}", redis: "${redis}", database: "${database}", scaler: "${scaler}",`;
    const { root, remove } = copyProject([
      { file: "infra/stage.ts", from: /production: \{\n {4}\.\.\.small,/, to: row },
    ]);
    try {
      const result = await synth({ root, stage: "production", env, bundles });
      const stage = { ...stageOf("production", {}), ...combination };
      expect(broken(result, stage)).toEqual([]);
    } finally {
      remove();
    }
  },
);

test("a pull request's stage is small, goes to zero and holds every rule", async () => {
  const result = await synth({ root: projectRoot, stage: "pr-1" });
  const stage = stageOf("pr-1", {});
  expect(stage.workers.min).toBe(0);
  expect(broken(result, stage)).toEqual([]);
});

test("sst dev runs npm start, and nothing of it in AWS", async () => {
  const result = await synth({ root: projectRoot, stage: "dev", dev: true });
  expect(result.resources.filter(({ type }) => type.startsWith("aws:"))).toEqual([]);
});
