import { defineConfig } from "vitest/config";

/** The deployment's slow tests: real workers under an emulated ECS. Run by `npm run test:deploy`. */
export default defineConfig({
  test: {
    include: ["packages/autoscaler/test/**/*.deploy.ts"],
    globalSetup: ["test/global-setup.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
