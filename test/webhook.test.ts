import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./client.ts";
import { chain, llm, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Answers with the statuses of a path in turn, the last one from then on. */
async function openReceiver() {
  const received: Received[] = [];
  const answers: Record<string, number[]> = { "/twice": [503, 200], "/gone": [410] };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const path = request.url ?? "";
    received.push({ path, headers: request.headers, body });
    const left = answers[path] ?? [200];
    const status = left.length > 1 ? left.shift() : left[0];
    response.writeHead(status ?? 200, { "retry-after": "0" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    at: (path: string) => received.filter((one) => one.path === path),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

let split: Split;
let receiver: Awaited<ReturnType<typeof openReceiver>>;
let flowId: string;
beforeAll(async () => {
  [split, receiver] = await Promise.all([openSplit({ apis: 2 }), openReceiver()]);
  flowId = await store(split, chain(start(), reply("hello")));
});
afterAll(() => Promise.all([split.close(), receiver.close()]));

async function native(method: string, path: string, body?: unknown, base = split.url) {
  const response = await fetch(`${base}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${split.key}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, json: (await response.json()) as Answer };
}
// biome-ignore lint/suspicious/noExplicitAny: tests compare what came with what is expected
type Answer = any;

const accept = (path: string, more: object = {}, events?: string[], flow = flowId) =>
  native("POST", "/predictions", {
    flowId: flow,
    question: "hi",
    webhook: { url: `${receiver.url}${path}`, ...(events && { events }) },
    ...more,
  });

const deliveryOf = async (id: string) =>
  (await native("GET", `/predictions/${id}/deliveries`)).json.data[0];

test("a prediction's end is sent once, signed as Standard Webhooks say, and shown in the log", async () => {
  const { json: prediction } = await accept("/plain", { metadata: { order: 7 } });
  await until(() => receiver.at("/plain").length > 0, 8000);
  const [{ headers, body }] = receiver.at("/plain") as [Received];
  const sent = JSON.parse(body);
  expect(sent).toMatchObject({
    type: "prediction.succeeded",
    data: { id: prediction.id, state: "succeeded", text: "hello", metadata: { order: 7 } },
  });
  expect(sent.data).toEqual((await native("GET", `/predictions/${prediction.id}`)).json);
  const { json } = await native("GET", "/webhook-secret");
  const secret = Buffer.from(json.secret.slice("whsec_".length), "base64");
  const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const signature = createHmac("sha256", secret).update(text).digest("base64");
  expect(headers["webhook-signature"]).toBe(`v1,${signature}`);
  await until(async () => (await deliveryOf(prediction.id)).state === "delivered", 5000);
  expect(await deliveryOf(prediction.id)).toMatchObject({
    id: headers["webhook-id"],
    event: "prediction.succeeded",
    attempts: 1,
    lastStatus: 200,
  });
  expect(receiver.at("/plain")).toHaveLength(1);
});

test("a receiver that fails is tried again under the same id; one that is gone is left alone", async () => {
  const [twice, gone] = await Promise.all([accept("/twice"), accept("/gone")]);
  await until(async () => (await deliveryOf(twice.json.id))?.state === "delivered", 14_000);
  const attempts = receiver.at("/twice");
  expect(attempts).toHaveLength(2);
  expect(attempts[0]?.headers["webhook-id"]).toBe(attempts[1]?.headers["webhook-id"]);
  expect(attempts[0]?.body).toBe(attempts[1]?.body);
  expect(await deliveryOf(gone.json.id)).toMatchObject({ state: "failed", lastStatus: 410 });
  expect(receiver.at("/gone")).toHaveLength(1);
}, 20_000);

test("a delivery is sent again when asked, from any replica", async () => {
  const { json } = await accept("/again");
  await until(async () => (await deliveryOf(json.id))?.state === "delivered", 8000);
  const { id } = await deliveryOf(json.id);
  const other = split.apis[1]?.url;
  expect((await native("POST", `/deliveries/${id}/redeliver`, undefined, other)).status).toBe(202);
  await until(() => receiver.at("/again").length === 2, 8000);
  expect((await native("POST", "/deliveries/none/redeliver")).status).toBe(404);
});

test("only the states that were asked for are sent", async () => {
  const silent = await store(
    split,
    chain(start(), llm({ url: "http://127.0.0.1:9" }), reply("never")),
  );
  const [wanted, unwanted] = await Promise.all([
    accept("/failed", {}, ["failed"], silent),
    accept("/unwanted", {}, ["canceled"], silent),
  ]);
  await until(() => receiver.at("/failed").length > 0, 10_000);
  expect(JSON.parse(receiver.at("/failed")[0]?.body ?? "").data.id).toBe(wanted.json.id);
  expect((await native("GET", `/predictions/${unwanted.json.id}/deliveries`)).json.data).toEqual(
    [],
  );
});

test("an ordinary key sees no secret, and no key sees nothing", async () => {
  expect((await fetch(`${split.url}/v1/webhook-secret`)).status).toBe(401);
  const body = { keyName: "ordinary", permissions: ["chatflows:view"] };
  const made = await fetch(`${split.url}/api/v1/apikey`, {
    method: "POST",
    headers: { authorization: `Bearer ${split.key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const keys = (await made.json()) as { keyName: string; apiKey: string }[];
  const key = keys.find(({ keyName }) => keyName === "ordinary")?.apiKey;
  const refused = await fetch(`${split.url}/v1/webhook-secret`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(refused.status).toBe(403);
});

test("a webhook to a private address is refused at once, one to a name without address is tried", async () => {
  const guarded = await openSplit({ mode: "main", env: { HTTP_SECURITY_CHECK: "true" } });
  try {
    const flow = await store(guarded, chain(start(), reply("hello")));
    const ask = (url: string) =>
      fetch(`${guarded.url}/v1/predictions`, {
        method: "POST",
        headers: { authorization: `Bearer ${guarded.key}`, "content-type": "application/json" },
        body: JSON.stringify({ flowId: flow, question: "hi", webhook: { url } }),
      });
    for (const url of ["http://127.0.0.1:1/x", "http://[::1]/", "http://169.254.169.254/latest"])
      expect((await ask(url)).status).toBe(400);
    expect((await ask("ftp://example.com/")).status).toBe(400);
    const { id } = (await (await ask("http://localtest.invalid/hook")).json()) as { id: string };
    const deliveries = async () => {
      const reply = await fetch(`${guarded.url}/v1/predictions/${id}/deliveries`, {
        headers: { authorization: `Bearer ${guarded.key}` },
      });
      return ((await reply.json()) as { data: { lastError?: string }[] }).data;
    };
    await until(async () => (await deliveries())[0]?.lastError !== undefined, 8000);
    expect((await deliveries())[0]?.lastError).toContain("localtest.invalid");
  } finally {
    await guarded.close();
  }
}, 30_000);
