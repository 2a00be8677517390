import { expect, test } from "vitest";
import { conform } from "./conform.ts";
import { parseZodSource } from "./zod-source.ts";

test("a schema of objects, lists, enums and limits is read", () => {
  const schema = parseZodSource(`z.array(z.object({
    title: z.string().max(5), // a "title", z.any()
    year: z.number().int().describe("when, or {so}"),
    'genres': z.enum(["Action", "Sci, Fi"]).array().max(2),
    seen: z.boolean().optional(),
    note: z.string().default("none"),
  }))`);
  expect(schema).toEqual({
    type: "array",
    items: {
      type: "object",
      properties: {
        title: { type: "string", maxLength: 5 },
        year: { type: "integer", description: "when, or {so}" },
        genres: {
          type: "array",
          items: { type: "string", enum: ["Action", "Sci, Fi"] },
          maxItems: 2,
        },
        seen: { type: "boolean" },
        note: { type: "string", default: "none" },
      },
      required: ["title", "year", "genres"],
      additionalProperties: false,
    },
  });
  const film = { title: "Alien", year: 1979, genres: ["Action"], surplus: 1 };
  expect(conform(schema, [film])).toEqual([
    { title: "Alien", year: 1979, genres: ["Action"], note: "none" },
  ]);
  expect(() => conform(schema, [{ ...film, year: "1979" }])).toThrow("[0].year is not of type");
  expect(() => conform(schema, [{ ...film, title: "Aliens" }])).toThrow("[0].title is above 5");
  expect(() => conform(schema, [{ title: "Alien" }])).toThrow("[0].year is missing");
});

test.each([
  ["process.exit()", "not a zod type"],
  ["z.object({ a: z.string().transform(fetch) })", "transform() is not supported"],
  ["z.constructor('x')", "z.constructor is not supported"],
  ["z.object({ a: z.string(", "cannot be read"],
])("%s is refused", (source, words) => {
  expect(() => parseZodSource(source)).toThrow(words);
});
