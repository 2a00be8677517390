import { expect, test } from "vitest";
import { credentialKeyFromBytes } from "../credential/credential-key.ts";
import type { ObjectStore } from "../object-store/object-store.ts";
import { openRequest, sealRequest } from "./sealed-request.ts";

const key = credentialKeyFromBytes(new Uint8Array(32).fill(1));
const otherKey = credentialKeyFromBytes(new Uint8Array(32).fill(2));
const kept = new Map<string, Buffer>();
const objects: ObjectStore = {
  put: async (name, bytes) => void kept.set(name, bytes),
  get: async (name) => kept.get(name) ?? Buffer.alloc(0),
  delete: async (name) => void kept.delete(name),
  deleteFolder: async () => {},
};

test.each([0, 1000, 60_000, 70_000, 3_000_000])(
  "a request of %d characters comes back whole",
  async (length) => {
    const asked = { question: "ü".repeat(length), overrideConfig: { a: [1, null] } };
    const request = await sealRequest(key, objects, { id: "prd_1", segment: 0 }, asked);
    expect(JSON.stringify(request).length).toBeLessThan(100_000);
    expect(JSON.stringify(request)).not.toContain("overrideConfig");
    expect(await openRequest(key, objects, { id: "prd_1", request })).toEqual(asked);
  },
);

test("neither another key nor another prediction opens it, nor does a changed one open", async () => {
  const request = await sealRequest(key, objects, { id: "prd_1", segment: 0 }, { question: "x" });
  await expect(openRequest(otherKey, objects, { id: "prd_1", request })).rejects.toThrow();
  await expect(openRequest(key, objects, { id: "prd_2", request })).rejects.toThrow();
  const sealed = "sealed" in request ? request.sealed : "";
  const bytes = Buffer.from(sealed, "base64");
  bytes[bytes.length - 1]! ^= 1;
  const changed = { sealed: bytes.toString("base64") };
  await expect(openRequest(key, objects, { id: "prd_1", request: changed })).rejects.toThrow();
});

test("what is too large for a job leaves no readable trace in the store", async () => {
  const question = "a very plain secret ".repeat(10_000);
  const request = await sealRequest(key, objects, { id: "prd_large", segment: 0 }, { question });
  expect(request).toEqual({ object: "requests/prd_large" });
  expect(kept.get("requests/prd_large")?.toString("latin1")).not.toContain("plain secret");
});
