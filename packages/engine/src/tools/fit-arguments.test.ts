import { expect, test } from "vitest";
import { fitArguments } from "./fit-arguments.ts";

const schema = {
  type: "object",
  properties: {
    times: { type: "number" },
    text: { type: "string" },
    loud: { type: "boolean" },
    body: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["text"],
};

test("arguments of the wrong type are converted and surplus ones kept", () => {
  const given = { times: "2", text: 7, loud: "True", body: '{"id":"3"}', tags: [1], more: null };
  expect(fitArguments(schema, given).args).toEqual({
    times: 2,
    text: "7",
    loud: true,
    body: { id: 3 },
    tags: ["1"],
    more: null,
  });
});

test("what cannot be made to fit is named", () => {
  const { problem } = fitArguments(schema, { times: "often", body: {}, tags: "no list" });
  expect(problem).toBe(
    "times is not of type number, text is missing, body.id is missing, tags is not of type array",
  );
});

test("null stands for an argument that is not given", () => {
  expect(fitArguments(schema, { text: "x", times: null }).args).toEqual({ text: "x" });
});
