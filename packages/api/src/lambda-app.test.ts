import { expect, test } from "vitest";
import { type Environment, lambdaApp } from "./lambda-app.ts";
import { boundStream } from "./lambda-stream.ts";

const request = () => new Request("https://example.test/api/v1/ping");

test("connections are opened once, and checked only after a pause", async () => {
  let opened = 0;
  let checked = 0;
  const app = lambdaApp({
    freshMs: 50,
    streamLimitMs: 1000,
    open: async () => {
      opened++;
      return {
        fetch: () => new Response("pong"),
        check: async () => checked++,
        close: async () => {},
      };
    },
  });
  await Promise.all([app.fetch(request(), {}), app.fetch(request(), {})]);
  await app.fetch(request(), {});
  expect([opened, checked]).toEqual([1, 0]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await app.fetch(request(), {});
  expect([opened, checked]).toEqual([1, 1]);
});

test.each([
  ["refuses", () => Promise.reject(new Error("gone"))],
  ["is silent", () => new Promise(() => {})],
])("after a thaw whose connection %s, everything is opened anew", async (_, check) => {
  const environments: { closed: boolean }[] = [];
  const app = lambdaApp({
    freshMs: 0,
    checkMs: 50,
    streamLimitMs: 1000,
    open: async (): Promise<Environment> => {
      const state = { closed: false };
      const number = environments.push(state);
      return {
        fetch: () => new Response(String(number)),
        check: number === 1 ? check : async () => {},
        close: async () => {
          state.closed = true;
        },
      };
    },
  });
  expect(await (await app.fetch(request(), {})).text()).toBe("1");
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await (await app.fetch(request(), {})).text()).toBe("2");
  expect(environments[0]?.closed).toBe(true);
});

test("an environment that failed to open is tried again by the next call", async () => {
  let tries = 0;
  const app = lambdaApp({
    streamLimitMs: 1000,
    open: async () => {
      if (++tries === 1) throw new Error("away");
      return { fetch: () => new Response("pong"), check: async () => {}, close: async () => {} };
    },
  });
  await expect(app.fetch(request(), {})).rejects.toThrow("away");
  expect((await app.fetch(request(), {})).status).toBe(200);
});

test("a stream ends at its limit, asks its reader to come back and lets go of its source", async () => {
  let canceled = false;
  const source = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("id: 1-1\ndata: {}\n\n")),
    cancel: () => {
      canceled = true;
    },
  });
  const headers = { "content-type": "text/event-stream" };
  const text = await boundStream(new Response(source, { headers }), 50).text();
  expect(text).toContain("id: 1-1");
  expect(text).toContain("event: stream.rejoin");
  expect(canceled).toBe(true);
});

test("what is not an event stream passes as it is", () => {
  const response = new Response("pong");
  expect(boundStream(response, 10)).toBe(response);
});
