import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, until } from "./client.ts";
import { chain, node, reply, start } from "./flows.ts";
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

test("a plain token signs too, and the flow does not see it", async () => {
  const trigger = start({
    startInputType: "webhookTrigger",
    webhookEnableAuth: true,
    webhookSecret: "shared",
    webhookSignatureType: "plain-token",
    webhookSignatureHeader: "x-token",
  });
  const id = await store(split, chain(trigger, reply("{{ $webhook.headers.x-token }}")));
  expect((await post(id, "{}", { "x-token": "guess" })).status).toBe(401);
  expect((await post(id, "{}", { "x-token": "shared" })).json.text).toBe("[REDACTED]");
});

test("a webhook in stream mode answers with Flowise's events", async () => {
  const id = await hook({ webhookResponseMode: "stream" });
  const streamed = await post(id, '{"order": 3}');
  expect(streamed.headers.get("content-type")).toContain("text/event-stream");
  expect(streamed.text).toContain('{"event":"token","data":"Order 3"}');
  expect(streamed.text).toContain('"event":"end"');
});

/** Asks a human between the trigger and the reply. */
const asking = (inputs: Record<string, unknown>) => {
  const human = node("humanInputAgentflow", { humanInputDescription: "Ship it?" });
  const trigger = start({ startInputType: "webhookTrigger", webhookMethod: "POST", ...inputs });
  const graph = chain(trigger, human, reply("Order {{ $webhook.body.order }} goes"));
  graph.edges.at(-1)!.sourceHandle = `${human.id}-output-0`;
  return store(split, graph);
};

test("a run that a webhook began goes on with its payload after a human's answer by webhook", async () => {
  const id = await asking({});
  const first = await post(id, '{"order": 4}');
  expect(first.json.text).toBe("Ship it?");
  const { chatId } = first.json;
  const again = await post(id, JSON.stringify({ chatId, humanInput: { type: "proceed" } }));
  expect(again.json).toMatchObject({ text: "Order 4 goes", chatId });
});

test("an asynchronous webhook calls back at its pause and at its end", async () => {
  const seen = received.length;
  const id = await asking({ webhookResponseMode: "async", callbackUrl: receiverUrl });
  const { chatId } = (await post(id, '{"order": 5}')).json;
  await until(() => received.length > seen, 15_000);
  expect(JSON.parse(received[seen]!.body)).toMatchObject({
    status: "STOPPED",
    chatId,
    data: { text: "Ship it?", action: { data: { nodeId: "humanInputAgentflow_0" } } },
  });
  const again = await post(id, JSON.stringify({ chatId, humanInput: { type: "proceed" } }));
  expect([again.status, again.json]).toEqual([202, { chatId, status: "PROCESSING" }]);
  await until(() => received.length > seen + 1, 10_000);
  expect(JSON.parse(received[seen + 1]!.body)).toMatchObject({
    status: "SUCCESS",
    data: { text: "Order 5 goes" },
  });
}, 30_000);
