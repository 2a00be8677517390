import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "../../scripts/bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-size-"));
beforeAll(async () => {
  await bundle(folder);
  cpSync(new URL("../certificates/rds.pem", import.meta.url), join(folder, "worker/rds.pem"));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bytes of a folder as a layer of an image is sent: tar, packed by zstd. */
function packed(name: string, exclude: string[] = []): number {
  const flags = exclude.flatMap((each) => ["--exclude", each]);
  const tar = execFileSync("tar", ["-c", ...flags, "-C", folder, name], {
    maxBuffer: 1024 ** 3,
  });
  const level = ["-q", "-c", "-"];
  return execFileSync("zstd", level, { input: tar, maxBuffer: 1024 ** 3 }).length;
}

test("the Dockerfile adds at most 60 MB for a worker", () => {
  expect(packed("worker")).toBeLessThan(60_000_000);
});

test("the API's code is at most 5 MB", () => {
  expect(readdirSync(join(folder, "api"))).toContain("main.js");
  expect(packed("api", ["node_modules"])).toBeLessThan(5_000_000);
});
