import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Faults are put to real processes: one file at a time, or they would starve each other and prove nothing. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/faults/*.fault.ts"],
    globalSetup: ["test/global-setup.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
});
