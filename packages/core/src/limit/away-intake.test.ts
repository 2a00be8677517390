import { expect, test } from "vitest";
import { until } from "../../../../test/client.ts";
import { openAwayIntake } from "./away-intake.ts";
import type { Admission, Intake, Rate, WhenAway, Window } from "./intake.ts";
import { openMemoryIntake } from "./memory-intake.ts";

/** A counter that can be taken away. */
function openCounter(replicas?: number) {
  const memory = openMemoryIntake();
  const counter = { isAway: false, asked: 0 };
  const intake: Intake = {
    ...memory,
    async admit(limits): Promise<Admission> {
      counter.asked++;
      if (counter.isAway) throw new Error("away");
      return { ...(await memory.admit(limits)), ...(replicas && { replicas }) };
    },
  };
  return { counter, intake };
}
const warned: string[] = [];
const log = { warn: (_: object, message: string) => void warned.push(message) };
const rate = (away: WhenAway): Rate => ({
  kind: "rate",
  name: `rate:${away}`,
  burst: 10,
  intervalUs: 60e6,
  away,
});
const window: Window = { kind: "window", name: "w", max: 10, windowMs: 60_000 };
async function passedOf(intake: Intake, limit: Rate | Window, calls = 30): Promise<number> {
  let passed = 0;
  for (let i = 0; i < calls; i++) if ((await intake.admit([limit])).states[0]?.passed) passed++;
  return passed;
}

test("while the counter answers, its word counts", async () => {
  const { intake } = openCounter();
  const away = openAwayIntake(intake, { share: undefined, log });
  expect(await passedOf(away, rate("local"))).toBe(10);
});

test("while it is away an open limit lets all through and a closed one nobody", async () => {
  const { counter, intake } = openCounter();
  const away = openAwayIntake(intake, { share: undefined, log });
  counter.isAway = true;
  expect(await passedOf(away, rate("open"))).toBe(30);
  await expect(away.admit([rate("closed")])).rejects.toThrow("away");
  await expect(away.admit([window])).rejects.toThrow("away");
  await expect(away.admit([rate("open"), rate("closed")])).rejects.toThrow("away");
  expect(warned).toEqual(["Limits cannot be counted; each is open or counted here"]);
});

test.each([
  [undefined, 2, 5],
  [undefined, undefined, 10],
  [0.3, 2, 3],
  [0.001, 2, 1],
])("a local one counts its share %j of %j replicas: %i", async (share, replicas, passed) => {
  const { counter, intake } = openCounter(replicas);
  const away = openAwayIntake(intake, { share, log });
  await away.admit([]);
  counter.isAway = true;
  expect(await passedOf(away, rate("local"))).toBe(passed);
  expect(await passedOf(away, { ...window, away: "local" })).toBe(passed);
});

test("who can do without does not wait for it again, and finds it soon after it is back", async () => {
  const { counter, intake } = openCounter();
  let now = 0;
  const away = openAwayIntake(intake, { share: undefined, log, now: () => now });
  counter.isAway = true;
  for (let i = 0; i < 5; i++) expect((await away.admit([rate("open")])).epochs).toBeUndefined();
  expect(counter.asked).toBe(1);
  counter.isAway = false;
  now = 1001;
  await away.admit([rate("open")]);
  await until(() => counter.asked === 2, 1000);
  expect((await away.admit([rate("open")])).epochs).toBeDefined();
});
