import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { onError } from "./error.ts";
import { readBody } from "./read-body.ts";

const app = new Hono().post("/", async (c) => c.json({ read: await readBody(c, 100) }));
app.onError(onError);

async function read(
  body: string | ReadableStream,
  type?: string,
  headers: Record<string, string> = {},
) {
  const init = { method: "POST", body, duplex: "half" } as RequestInit;
  const request = new Request("http://localhost/", init);
  if (type === undefined) request.headers.delete("content-type");
  else request.headers.set("content-type", type);
  for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
  const response = await app.request(request);
  return { status: response.status, body: await response.json() };
}

test.each([
  ["JSON", '{"question":"hi"}', "application/json", { question: "hi" }],
  ["JSON with a charset", '{"a":1}', "Application/JSON; charset=utf-8", { a: 1 }],
  ["JSON without a type", '{"a":1}', undefined, { a: 1 }],
  [
    "a form",
    "question=a+b&x=%C3%BC",
    "application/x-www-form-urlencoded",
    { question: "a b", x: "ü" },
  ],
  ["nothing", "", "application/json", {}],
  ["a type that nobody reads", "<a/>", "application/xml", {}],
])("%s is read", async (_, text, type, expected) => {
  expect(await read(text, type)).toEqual({ status: 200, body: { read: expected } });
});

describe("what is wrong is refused in words", () => {
  test("malformed JSON with the parser's", async () => {
    const { status, body } = await read('{"question": ', "application/json");
    expect(status).toBe(400);
    expect(body).toMatchObject({ message: "Unexpected end of JSON input", stack: {} });
  });

  test("a form of very many fields", async () => {
    const wide = new Hono().post("/", async (c) => c.json(await readBody(c, 100_000)));
    wide.onError(onError);
    const ask = (fields: number) => {
      const body = Array.from({ length: fields }, (_, i) => `${i}=`).join("&");
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return wide.request("/", { method: "POST", body, headers });
    };
    expect(Object.keys((await (await ask(1000)).json()) as object)).toHaveLength(1000);
    expect((await ask(1001)).status).toBe(400);
  });

  test("a body over the bound, announced or not", async () => {
    const large = "x".repeat(101);
    const announced = await read(large, "application/json", { "content-length": "101" });
    const counted = await read(new Blob([large]).stream(), "application/json");
    for (const { status, body } of [announced, counted]) {
      expect(status).toBe(413);
      expect(body).toMatchObject({ message: expect.stringContaining("FLOWISE_FILE_SIZE_LIMIT") });
    }
  });

  test("a body at the bound is read", async () => {
    const text = JSON.stringify("x".repeat(98));
    expect((await read(text, "application/json")).status).toBe(200);
  });

  test("characters that were cut between chunks stay whole", async () => {
    const bytes = new TextEncoder().encode('{"a":"üü"}');
    const chunks = [...bytes].map((byte) => Uint8Array.of(byte));
    const { body } = await read(ReadableStream.from(chunks), "application/json");
    expect(body).toEqual({ read: { a: "üü" } });
  });
});
