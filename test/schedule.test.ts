import { afterAll, beforeAll, expect, test } from "vitest";
import { call, until } from "./client.ts";
import { chain, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

let split: Split;
beforeAll(async () => {
  split = await openSplit({ apis: 2, env: { MIN_SCHEDULE_INTERVAL_SECONDS: "1" } });
}, 40_000);
afterAll(() => split.close());

test("a schedule fires once a tick however many replicas listen, and stops when it is switched off", async () => {
  const everySecond = {
    startInputType: "scheduleInput",
    scheduleType: "cronExpression",
    scheduleCronExpression: "* * * * * *",
    scheduleInputMode: "text",
    scheduleDefaultInput: "tick",
  };
  const id = await store(split, chain(start(everySecond), reply("{{ question }}")));
  const logs = async () =>
    (await call(split.url, "GET", `/chatflows/${id}/schedule/trigger-logs`, { key: split.key }))
      .json;
  await until(async () => (await logs()).data.filter(done).length >= 3, 15_000);

  const off = { body: { enabled: false }, key: split.key };
  await call(split.url, "PATCH", `/chatflows/${id}/schedule/enabled`, off);
  const status = await call(split.url, "GET", `/chatflows/${id}/schedule/status`, {
    key: split.key,
  });
  expect(status.json).toMatchObject({ enabled: false, record: { cronExpression: "* * * * * *" } });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { data, total } = await logs();
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect((await logs()).total).toBe(total);

  const ticks = data.map((firing: { scheduledAt: string }) => firing.scheduledAt);
  expect(new Set(ticks).size).toBe(ticks.length);
  const answers = await call(split.url, "GET", `/chatmessage/${id}`, { key: split.key });
  const said = answers.json.filter((message: { role: string }) => message.role === "apiMessage");
  expect(said.map((message: { content: string }) => message.content)).toEqual(
    data.filter(done).map(() => "tick"),
  );
  expect(answers.json[0].chatType).toBe("SCHEDULED");
}, 40_000);

const done = (firing: { status: string }) => firing.status === "SUCCEEDED";

test("the prediction call refuses a flow with a schedule, and says why", async () => {
  const id = await store(split, chain(start({ startInputType: "scheduleInput" }), reply("x")));
  const refused = await call(split.url, "POST", `/prediction/${id}`, { body: { question: "now" } });
  expect(refused.status).toBe(500);
  expect(refused.json.message).toContain("configured as a Schedule Trigger");
});
