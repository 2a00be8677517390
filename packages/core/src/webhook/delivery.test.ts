import { openGuardedFetch } from "@sluice/engine/http/open-guarded-fetch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import { credentialKeyFromBytes } from "../credential/credential-key.ts";
import { acceptPrediction, cancelQueued } from "../prediction/accepted-prediction.ts";
import { newPredictionId, type PredictionJob } from "../prediction/prediction.ts";
import { listDeliveries, noteAttempt, redeliver, takeDue } from "./delivery.ts";
import { type PredictionSnapshot, send } from "./send.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

async function canceledWith(webhook: { url: string; events: string[] }): Promise<string> {
  const { db } = database;
  const id = newPredictionId();
  const job = {
    ...{ id, segment: 0, flowId: crypto.randomUUID(), flowVersion: 1, chatId: "c", sessionId: "s" },
    ...{ messageId: crypto.randomUUID(), executionId: crypto.randomUUID(), priority: 0 },
    ...{ acceptedAt: Date.now(), deadlineAt: Date.now() + 1000, request: { object: "x" } },
  } as unknown as PredictionJob;
  await acceptPrediction(db, { job, webhook });
  expect(await cancelQueued(db, id)).toMatchObject({ id });
  expect(await cancelQueued(db, id)).toBeUndefined();
  return id;
}

test("a canceled prediction puts one row into the outbox, if its webhook wants that", async () => {
  const wanted = await canceledWith({ url: "https://a.example/", events: [] });
  const unwanted = await canceledWith({ url: "https://a.example/", events: ["succeeded"] });
  const [row, ...more] = await listDeliveries(database.db, wanted);
  expect(row).toMatchObject({ event: "prediction.canceled", state: "pending", attempts: 0 });
  expect(JSON.parse(row?.payload ?? "{}")).toMatchObject({ id: wanted, state: "canceled" });
  expect(more).toEqual([]);
  expect(await listDeliveries(database.db, unwanted)).toEqual([]);
});

test("a delivery that was taken is nobody else's, and busy hosts are passed over", async () => {
  const { db } = database;
  await canceledWith({ url: "https://busy.example/x", events: [] });
  await canceledWith({ url: "https://free.example/x", events: [] });
  const taken = await Promise.all([1, 2, 3].map(() => takeDue(db, 10, ["busy.example"])));
  const urls = taken.flat().map(({ url }) => url);
  expect(urls).toContain("https://free.example/x");
  expect(urls).not.toContain("https://busy.example/x");
  expect(new Set(taken.flat().map(({ id }) => id)).size).toBe(taken.flat().length);
});

test("a late outcome does not undo a redelivery", async () => {
  const { db } = database;
  const id = await canceledWith({ url: "https://late.example/", events: [] });
  const row = (await takeDue(db, 100, [])).find(({ prediction_id }) => prediction_id === id);
  if (!row) throw new Error("not taken");
  await redeliver(db, row.id);
  await noteAttempt(db, row, { outcome: "failed", status: 410, error: "gone" });
  expect(await listDeliveries(db, id)).toMatchObject([{ state: "pending", attempts: 0 }]);
});

test("a name that leads to a private address is refused, and the reason kept", async () => {
  const resolve = async () => [{ address: "10.0.0.7", family: 4 }];
  const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: [], resolve });
  const id = await canceledWith({ url: "http://inside.example/", events: [] });
  const [row] = await listDeliveries(database.db, id);
  if (!row) throw new Error("no delivery");
  const sending = {
    credentialKey: credentialKeyFromBytes(new Uint8Array(32)),
    ...{ fetch, secret: Buffer.alloc(32), timeoutMs: 1000 },
    view: ({ id }: PredictionSnapshot) => ({ id }),
  };
  const first = await send(sending, { ...row, attempts: 1 });
  expect(first).toMatchObject({ outcome: "again", status: null });
  expect(first.outcome === "again" && first.error).toContain("HTTP_ALLOW_LIST");
  expect(await send(sending, { ...row, attempts: 10 })).toMatchObject({ outcome: "failed" });
  fetch.close();
});
