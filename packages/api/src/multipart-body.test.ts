import { expect, test } from "vitest";
import { parseMultipart } from "./multipart-body.ts";

async function read(form: FormData) {
  const response = new Response(form);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return parseMultipart(response.headers.get("content-type")!, bytes);
}

test("a form without files is a body of its fields", async () => {
  const form = new FormData();
  form.set("question", "tea?");
  form.set("history", '[{"role":"userMessage","content":"hi"}]');
  expect(await read(form)).toEqual({
    question: "tea?",
    history: [{ role: "userMessage", content: "hi" }],
  });
});

test("files override the inputs of the loaders that take them", async () => {
  const form = new FormData();
  form.set("question", "tea?");
  form.set("overrideConfig", '{"sessionId":"s1"}');
  form.append("files", new File(["one"], "a.txt", { type: "text/plain" }));
  form.append("files", new File(["two"], "b,evil.txt", { type: "text/plain" }));
  form.append("files", new File(["{}"], "c.json", { type: "application/json" }));
  const { overrideConfig } = await read(form);
  expect(overrideConfig).toMatchObject({ question: "tea?", sessionId: "s1" });
  expect(overrideConfig).toMatchObject({
    txtFile: [
      "data:text/plain;base64,b25l,filename:a.txt",
      "data:text/plain;base64,dHdv,filename:b_evil.txt",
    ],
    jsonFile: ["data:application/json;base64,e30=,filename:c.json"],
  });
});

test("a form that breaks off is the caller's mistake", async () => {
  const bytes = new TextEncoder().encode("--x\r\nnonsense");
  await expect(parseMultipart("multipart/form-data; boundary=x", bytes)).rejects.toMatchObject({
    code: "invalid",
  });
});

test("a form of very many parts is refused before it is taken apart", async () => {
  const form = new FormData();
  for (let i = 0; i < 1000; i++) form.append("x", "");
  expect(await read(form)).toEqual({ x: "" });
  form.append("x", "");
  await expect(read(form)).rejects.toThrow("more than 1000 parts");
});
