import { expect, test } from "vitest";
import { openMemoryUpserts } from "./memory-upserts.ts";
import { answerGraceMs, type UpsertEnd, type UpsertJob } from "./upsert.ts";

const job = (id: string, leftMs: number): UpsertJob => ({
  id,
  flowId: "",
  flowVersion: 1,
  chatId: "",
  deadlineAt: Date.now() + leftMs - answerGraceMs,
  request: { sealed: "" },
});
const end: UpsertEnd = { error: { code: "failed", message: "as it should" } };

test("upserts run in turn, and one whose turn does not come in time is given up", async () => {
  const first = Promise.withResolvers<UpsertEnd>();
  const begun: string[] = [];
  const upserts = openMemoryUpserts(1, ({ id }) => {
    begun.push(id);
    return id === "a" ? first.promise : Promise.resolve(end);
  });
  const a = upserts.run(job("a", 10_000));
  const b = upserts.run(job("b", 30));
  const c = upserts.run(job("c", 10_000));
  expect(await b).toBeUndefined();
  first.resolve(end);
  expect(await Promise.all([a, c])).toEqual([end, end]);
  expect(begun).toEqual(["a", "c"]);
  await upserts.close();
  await expect(upserts.run(job("d", 10_000))).rejects.toMatchObject({ code: "unavailable" });
});
