import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ask, until } from "../client.ts";
import { chain, reply, start } from "../flows.ts";
import { openSplit, type Split, store } from "../split.ts";
import { openTcpProxy } from "../tcp-proxy.ts";

type Proxy = Awaited<ReturnType<typeof openTcpProxy>>;

let split: Split;
let proxy: Proxy;
beforeAll(async () => {
  proxy = await openTcpProxy(inject("redisUrl"));
  split = await openSplit({
    env: { REDIS_URL: proxy.url, RATE_LIMIT_KEY: "4/1h", RATE_LIMIT_LOCAL_SHARE: "0.5" },
  });
});
afterAll(async () => {
  proxy?.restore();
  await split?.close();
  await proxy?.close();
});

const native = async (method: string, path: string, body?: object) => {
  const response = await fetch(`${split.url}/v1/predictions${path}`, {
    method,
    headers: { authorization: `Bearer ${split.key}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  // biome-ignore lint/suspicious/noExplicitAny: compared with what is expected
  return { status: response.status, json: (await response.json()) as any };
};

test("while Redis is away predictions are accepted as far as a local share goes, and run after", async () => {
  const flowId = await store(split, chain(start(), reply("ok")));
  const rateLimit = { status: true, limitMax: 5, limitDuration: 60, limitMsg: "Slow down" };
  const closed = await store(split, chain(start(), reply("ok")), {
    apiConfig: JSON.stringify({ rateLimit }),
  });
  const question = "x";
  // Known before: what is away then is Redis alone.
  for (const flow of [flowId, closed]) await ask(split.url, flow, { question });
  await native("POST", "", { flowId, question });
  proxy.cut();
  const accepted = [];
  for (let i = 0; i < 4; i++) accepted.push(await native("POST", "", { flowId, question }));
  expect(accepted.map(({ status }) => status)).toEqual([202, 202, 429, 429]);
  expect((await native("POST", "", { flowId: closed, question })).status).toBe(503);
  expect((await ask(split.url, flowId, { question })).status).toBe(503);
  expect(split.output()).toContain("Limits cannot be counted; each is open or counted here");
  proxy.restore();
  for (const { json } of accepted.slice(0, 2))
    await until(
      async () => (await native("GET", `/${json.id}`)).json.state === "succeeded",
      25_000,
    );
}, 60_000);
