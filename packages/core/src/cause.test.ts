import { expect, test } from "vitest";
import { causeOf } from "./cause.ts";

const postgres = (code: string) => Object.assign(new Error("x"), { code });

test("what Postgres does not take is the asker's, what it cannot do now is nobody's", () => {
  expect(
    ["22021", "22P02", "57P01", "08006", "23505"].map((code) => causeOf(postgres(code))),
  ).toEqual(["refused", "refused", "away", "away", undefined]);
});

test("a Redis that is away, loading or full is told from a mistake", () => {
  const messages = ["Command timed out", "LOADING Redis is loading", "OOM command not allowed"];
  expect(messages.map((message) => causeOf(new Error(message)))).toEqual(["away", "away", "away"]);
  const retries = Object.assign(new Error("x"), { name: "MaxRetriesPerRequestError" });
  expect([causeOf(retries), causeOf(new Error("undefined is not a function"))]).toEqual([
    "away",
    undefined,
  ]);
});
