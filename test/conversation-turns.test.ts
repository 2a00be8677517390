import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call, stream, until } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await openSimulator();
});
afterAll(() => simulator?.close());

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  beforeAll(async () => {
    split = await openSplit({ mode, apis: mode === "queue" ? 2 : 1 });
  });
  afterAll(() => split?.close());
  const flowWith = (sluice: object) =>
    store(split, chain(start(), llm({ url: simulator.url })), {
      apiConfig: JSON.stringify({ sluice }),
    });
  /** By the first replica, and by the other where there is one. */
  const one = () => split.apis[0]!.url;
  const other = () => split.apis.at(-1)!.url;

  test("messages of a conversation run side by side unless its flow says otherwise", async () => {
    const flow = await flowWith({});
    const chatId = randomUUID();
    const asked = ["a", "b"].map((rid) =>
      ask(one(), flow, { question: `rid=${rid} [[n=20 gap=50]]`, chatId }),
    );
    await until(() => simulator.stats().active === 2, 5000);
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
  });

  test("a message waits until the earlier ones of its conversation have ended, on any replica", async () => {
    const flow = await flowWith({ conversation: "enqueue" });
    const chatId = randomUUID();
    const ended: string[] = [];
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, simulator.stats().active);
    }, 10);
    const put = (url: string, rid: string) =>
      ask(url, flow, { question: `rid=${rid} [[n=8 gap=50]]`, chatId }).then(({ status, json }) => {
        ended.push(rid);
        return [status, json.text?.startsWith(`${rid}:`)];
      });
    const answers: Promise<unknown>[] = [];
    for (const [i, rid] of ["a", "b", "c", "d"].entries()) {
      answers.push(put(i % 2 ? other() : one(), rid));
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    const elsewhere = await ask(one(), flow, { question: "rid=x [[n=1]]", chatId: randomUUID() });
    expect([elsewhere.status, ended.length < 4]).toEqual([200, true]);
    expect(await Promise.all(answers)).toEqual(Array(4).fill([200, true]));
    clearInterval(watch);
    expect(ended).toEqual(["a", "b", "c", "d"]);
    expect(most).toBeLessThanOrEqual(2);
  });

  test("one that waits for its turn is found, listed and canceled, at any replica", async () => {
    const flow = await flowWith({ conversation: "enqueue" });
    const chatId = randomUUID();
    const headers = { authorization: `Bearer ${split.key}` };
    const running = await stream(one(), flow, { question: "rid=r [[n=100 gap=50]]", chatId });
    await running.seen(({ event }) => event === "token");
    const requests = simulator.stats().requests;
    const waiting = await stream(one(), flow, { question: "rid=w [[n=1]]", chatId });
    const id = waiting.headers.get("x-prediction-id");
    const native = async (path: string, method = "GET") =>
      (await fetch(`${other()}/v1/predictions${path}`, { method, headers })).json();
    expect(await native(`/${id}`)).toMatchObject({ id, state: "queued", chatId });
    const { data } = (await native(`?chatId=${chatId}`)) as { data: { id: string }[] };
    expect(data.map((each) => each.id)).toContain(id);
    await native(`/${id}/cancel`, "POST");
    const events = await waiting.ended;
    expect(events.slice(-2).map(({ event }) => event)).toEqual(["error", "end"]);
    expect(simulator.stats().requests).toBe(requests);
    await call(other(), "PUT", `/chatmessage/abort/${flow}/${chatId}`);
    await running.ended;
  });

  test("a message is rejected while an earlier one is being answered, and taken after its end", async () => {
    const flow = await flowWith({ conversation: "reject" });
    const chatId = randomUUID();
    const first = await stream(one(), flow, { question: "rid=a [[n=20 gap=50]]", chatId });
    await first.seen(({ event }) => event === "token");
    const id = first.headers.get("x-prediction-id") ?? "none";
    const refused = await ask(other(), flow, { question: "rid=b [[n=1]]", chatId });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([409, "2"]);
    expect(refused.json).toMatchObject({ statusCode: 409, success: false });
    expect(refused.json.message).toContain(id);
    await first.ended;
    for (const rid of ["c", "d"]) {
      const next = await ask(other(), flow, { question: `rid=${rid} [[n=1]]`, chatId });
      expect([next.status, next.json.text]).toEqual([200, `${rid}:0 `]);
    }
  });

  test("a message interrupts the earlier one, which ends at once", async () => {
    const flow = await flowWith({ conversation: "interrupt" });
    const chatId = randomUUID();
    const first = await stream(one(), flow, { question: "rid=a [[n=200 gap=50]]", chatId });
    await first.seen(({ event }) => event === "token");
    const next = await ask(other(), flow, { question: "rid=b [[n=1]]", chatId });
    expect([next.status, next.json.text]).toEqual([200, "b:0 "]);
    expect((await first.ended).slice(-2).map(({ event }) => event)).toEqual(["error", "end"]);
  });

  test("a flow and a key have as many predictions open as they may", async () => {
    const flow = await flowWith({ maxConcurrent: 2 });
    const slow = (url: string) => ask(url, flow, { question: "rid=s [[n=20 gap=50]]" });
    const running = [slow(one()), slow(other())];
    await until(() => simulator.stats().active === 2, 5000);
    const refused = await ask(one(), flow, { question: "rid=t [[n=1]]" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(refused.json.message).toContain("2 predictions open");
    await Promise.all(running);
    expect((await ask(other(), flow, { question: "rid=t [[n=1]]" })).status).toBe(200);
  });

  test("a key has as many predictions open as it may, whatever they run", async () => {
    const made = await call(one(), "POST", "/apikey", {
      body: { keyName: "capped", permissions: ["chatflows:view"], maxConcurrent: 1 },
      key: split.key,
    });
    const capped = made.json.find(({ keyName }: { keyName: string }) => keyName === "capped");
    expect(capped.maxConcurrent).toBe(1);
    const flows = await Promise.all([
      flowWith({}).then((id) =>
        call(one(), "PUT", `/chatflows/${id}`, { body: { apikeyid: capped.id }, key: split.key }),
      ),
      flowWith({}).then((id) =>
        call(one(), "PUT", `/chatflows/${id}`, { body: { apikeyid: capped.id }, key: split.key }),
      ),
    ]);
    const [a, b] = flows.map(({ json }) => json.id);
    const key = capped.apiKey;
    const running = ask(one(), a, { question: "rid=k [[n=20 gap=50]]" }, { key });
    await until(() => simulator.stats().active === 1, 5000);
    const refused = await ask(other(), b, { question: "rid=l [[n=1]]" }, { key });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(refused.json.message).toContain("This API key has 1 predictions open");
    expect((await running).status).toBe(200);
    expect((await ask(other(), b, { question: "rid=l [[n=1]]" }, { key })).status).toBe(200);
  });

  test("settings that are none are refused, by name", async () => {
    const apiConfig = JSON.stringify({ sluice: { conversation: "sometimes" } });
    await expect(flowWith({ maxConcurrent: -1 })).rejects.toThrow(/sluice\.maxConcurrent/);
    const body = { apiConfig };
    const flow = await flowWith({});
    const changed = await call(one(), "PUT", `/chatflows/${flow}`, { body, key: split.key });
    expect([changed.status, changed.text]).toEqual([
      400,
      expect.stringContaining("apiConfig.sluice.conversation"),
    ]);
  });
});
