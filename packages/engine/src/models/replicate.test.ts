import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openGuardedFetch } from "../http/open-guarded-fetch.ts";
import { replicate } from "./replicate.ts";

/** Replicate, for one test: what a prediction is after each look at it. */
async function replicateOf(inputs: Record<string, unknown>, ...states: object[]) {
  const requests: { call: string; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = text ? JSON.parse(text) : undefined;
    requests.push({ call: `${request.method} ${request.url}`, body });
    const state = states.length > 1 ? states.shift() : states[0];
    response
      .writeHead(request.method === "POST" ? 201 : 200, { "content-type": "application/json" })
      .end(JSON.stringify({ id: "p1", ...state }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: ["127.0.0.1"] });
  onTestFinished(async () => {
    await fetch.close();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const setting = { inputs, credential: { replicateApiKey: "k" }, fetch };
  const model = replicate.create({ ...setting, baseUrls: { replicate: url } });
  const ask = (signal = new AbortController().signal, onText?: (text: string) => void) =>
    model.generate({
      messages: [{ role: "user", content: "A cat" }],
      signal,
      ...(onText && { onText }),
    });
  return { requests, ask };
}

test("a prediction is followed to its end, and its text told as it grows", async () => {
  const { requests, ask } = await replicateOf(
    { model: "acme/cat:abc", temperature: 0.7, additionalInputs: '{"seed":1}' },
    { status: "starting", output: null },
    { status: "processing", output: ["Me"] },
    { status: "succeeded", output: ["Me", "ow"] },
  );
  const said: string[] = [];
  const answer = await ask(undefined, (text) => said.push(text));
  expect([answer.text, said]).toEqual(["Meow", ["Me", "ow"]]);
  expect(requests).toEqual([
    {
      call: "POST /predictions",
      body: { version: "abc", input: { temperature: 0.7, prompt: "A cat", seed: 1 } },
    },
    { call: "GET /predictions/p1", body: undefined },
    { call: "GET /predictions/p1", body: undefined },
  ]);
});

test("a model without a version is asked by its name, and its failure is told", async () => {
  const failed = { status: "failed", error: "out of paint" };
  const { requests, ask } = await replicateOf({ model: "acme/cat" }, failed);
  await expect(ask()).rejects.toThrow("Replicate: out of paint");
  expect(requests[0]?.call).toBe("POST /models/acme/cat/predictions");
});

test("who stops waiting cancels the prediction", async () => {
  const { requests, ask } = await replicateOf({ model: "acme/cat:abc" }, { status: "processing" });
  const stop = new AbortController();
  const asked = ask(stop.signal);
  setTimeout(() => stop.abort(new Error("stopped")), 300);
  await expect(asked).rejects.toThrow("stopped");
  expect(requests.at(-1)?.call).toBe("POST /predictions/p1/cancel");
});
