import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, until } from "./client.ts";
import { chain, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

let split: Split;
const received: { headers: Record<string, unknown>; body: string }[] = [];
const receiver = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    received.push({ headers: request.headers, body });
    response.end("ok");
  });
});
let receiverUrl: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/done`;
  split = await openSplit();
}, 40_000);
afterAll(async () => {
  await split.close();
  receiver.close();
});

const hook = (inputs: Record<string, unknown>) =>
  store(
    split,
    chain(
      start({ startInputType: "webhookTrigger", webhookMethod: "POST", ...inputs }),
      reply("Order {{ $webhook.body.order }}"),
    ),
  );
const post = (id: string, body: string, headers: Record<string, string> = {}) =>
  call(split.url, "POST", `/webhook/${id}`, { body, headers });

test("an asynchronous webhook is answered at once and its answer called back, signed", async () => {
  const id = await hook({
    webhookResponseMode: "async",
    callbackUrl: receiverUrl,
    callbackSecret: "between us",
  });
  const accepted = await post(id, '{"order": 7}');
  expect(accepted.status).toBe(202);
  expect(accepted.json).toEqual({ chatId: expect.any(String), status: "PROCESSING" });
  await until(() => received.length > 0, 15_000);
  const [{ headers, body }] = received as [(typeof received)[0]];
  expect(JSON.parse(body)).toMatchObject({
    status: "SUCCESS",
    chatId: accepted.json.chatId,
    data: { text: "Order 7", executionId: expect.any(String) },
  });
  const signature = createHmac("sha256", "between us").update(body).digest("hex");
  expect(headers["x-flowise-signature"]).toBe(`sha256=${signature}`);
}, 30_000);

test("a webhook that is signed wrongly is refused, one that is signed runs", async () => {
  const id = await hook({ webhookEnableAuth: true, webhookSecret: "shared" });
  const body = '{"order": 1}';
  const sign = (secret: string) => createHmac("sha256", secret).update(body).digest("hex");
  expect((await post(id, body)).status).toBe(401);
  expect((await post(id, body, { "x-webhook-signature": sign("guess") })).status).toBe(401);
  const signed = await post(id, body, { "x-webhook-signature": `sha256=${sign("shared")}` });
  expect(signed.json.text).toBe("Order 1");
});

test("a missing parameter is named", async () => {
  const id = await hook({
    webhookEnableValidation: true,
    webhookBodyParams: [{ name: "order", type: "number", required: true }],
  });
  const none = await post(id, "{}");
  expect([none.status, none.json.message]).toEqual([400, "Missing required body parameter: order"]);
  const wrong = await post(id, '{"order": "x"}');
  expect(wrong.json.message).toBe("Invalid type for body parameter order: expected number");
});
