import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDiskObjectStore } from "./disk-object-store.ts";

const home = mkdtempSync(join(tmpdir(), "sluice-test-objects-"));
const folder = join(home, "store");
const store = openDiskObjectStore(folder);
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("bytes come back as they went in, and are gone once deleted", async () => {
  const bytes = Buffer.from([0, 255, 10, 13]);
  await store.put("requests/prd_1", bytes);
  expect(await store.get("requests/prd_1")).toEqual(bytes);
  await store.put("requests/prd_1", Buffer.from("new"));
  expect((await store.get("requests/prd_1")).toString()).toBe("new");
  await store.delete("requests/prd_1");
  await store.delete("requests/prd_1");
  await expect(store.get("requests/prd_1")).rejects.toMatchObject({ code: "not_found" });
});

test("a folder goes with all that is in it, and with nothing beside it", async () => {
  for (const key of ["f/one/a", "f/one/b/c", "f/oneself"]) await store.put(key, Buffer.from("x"));
  await store.deleteFolder("f/one");
  await store.deleteFolder("f/never");
  await expect(store.get("f/one/b/c")).rejects.toMatchObject({ code: "not_found" });
  expect((await store.get("f/oneself")).toString()).toBe("x");
  for (const path of ["", ".", "..", "/", "../store"])
    await expect(async () => store.deleteFolder(path), path).rejects.toMatchObject({
      code: "invalid",
    });
});

test("only the owner can read what is stored, and no part is left behind", async () => {
  await Promise.all(Array.from({ length: 20 }, (_, i) => store.put("a/b", Buffer.from(`${i}`))));
  expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
  expect(statSync(join(folder, "a", "b")).mode & 0o077).toBe(0);
  expect(statSync(join(folder, "a")).mode & 0o077).toBe(0);
});

test.each(["../secret", "/etc/passwd", "a/../../secret", "a\0b"])(
  "%j leads nowhere",
  async (key) => {
    writeFileSync(join(home, "secret"), "secret");
    await expect(async () => store.get(key)).rejects.toThrow("is not a valid object key");
    await expect(async () => store.put(key, Buffer.from("x"))).rejects.toThrow("not a valid");
    await expect(async () => store.delete(key)).rejects.toThrow("not a valid");
  },
);
