import { expect, test } from "vitest";
import type { Change } from "./intake.ts";
import { keepAnnouncing } from "./keep-announcing.ts";
import { openMemoryIntake } from "./memory-intake.ts";

test("what cannot be announced is told when it can be, and its own process hears at once", async () => {
  let away = true;
  const told: string[] = [];
  const memory = openMemoryIntake();
  const inner = {
    ...memory,
    async announce({ kind, id }: Change) {
      if (away) throw new Error("away");
      told.push(`${kind} ${id}`);
    },
  };
  const warnings: object[] = [];
  const intake = keepAnnouncing(inner, { warn: (fields) => void warnings.push(fields) });
  const heard: string[] = [];
  intake.onChange(({ id }) => void heard.push(id));
  await intake.announce({ kind: "flow", id: "a" });
  await intake.announce({ kind: "flow", id: "a" });
  await intake.announce({ kind: "key", id: "" });
  expect([heard, told]).toEqual([["a", "a", ""], []]);
  expect(warnings).toHaveLength(3);
  away = false;
  await expect.poll(() => told, { timeout: 5000 }).toEqual(["flow a", "key "]);
  intake.close();
});

test("an announcement that gets no answer holds nobody up for long", async () => {
  const inner = { ...openMemoryIntake(), announce: () => new Promise<void>(() => {}) };
  const intake = keepAnnouncing(inner, { warn() {} });
  const startedAt = Date.now();
  await intake.announce({ kind: "flow", id: "a" });
  expect(Date.now() - startedAt).toBeLessThan(3000);
  intake.close();
});
