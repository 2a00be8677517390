import { type AddressInfo, connect, type Socket } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { expect, test } from "vitest";
import { onCallerGone } from "./attendance.ts";
import { openEventStream } from "./event-stream.ts";

/** Has a caller leave before a route answers; resolves once the route has heard of it. */
async function leaveEarly(answer: (c: Context, heard: () => void) => Response): Promise<string> {
  const heard = Promise.withResolvers<string>();
  const caller = Promise.withResolvers<Socket>();
  const app = new Hono<{ Bindings: HttpBindings }>().get("/", async (c) => {
    const gone = new Promise((resolve) => c.env.outgoing.once("close", resolve));
    (await caller.promise).destroy();
    await gone;
    return answer(c, () => heard.resolve("told"));
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () => {
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    caller.resolve(socket);
  });
  return heard.promise.finally(() => server.close());
}

test("a reader who left before the stream was opened is told of", async () => {
  const told = leaveEarly((c, heard) => {
    const stream = openEventStream(c);
    stream.write("data: nobody reads this\n\n");
    stream.onGone(heard);
    return stream.response;
  });
  expect(await told).toBe("told");
});

test("a caller who left before anybody asked is told of", async () => {
  const told = leaveEarly((c, heard) => {
    onCallerGone(c, heard);
    return c.text("");
  });
  expect(await told).toBe("told");
});
