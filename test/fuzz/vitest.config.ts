import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/fuzz/*.fuzz.ts"],
    globalSetup: ["test/global-setup.ts"],
    testTimeout: 400_000,
    hookTimeout: 60_000,
  },
});
