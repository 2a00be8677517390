import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** These count milliseconds or megabytes: beside another file they would prove nothing. */
const alone = ["cancel", "chaos", "overload", "upsert-memory", "worker-killed"].map(
  (name) => `test/faults/${name}.fault.ts`,
);

const shared = {
  globalSetup: ["test/global-setup.ts"],
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

/** Faults are put to real processes. Most of the time is waiting, so two files share the machine where they can. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: "together",
          include: ["test/faults/*.fault.ts"],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: "alone",
          include: alone,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
