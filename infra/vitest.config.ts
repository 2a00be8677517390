import { defineConfig } from "vitest/config";

/** Run by `npm run check:infra`: each test executes the whole program under Pulumi's mocks. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["test/**/*.test.ts"],
    maxConcurrency: 2,
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
