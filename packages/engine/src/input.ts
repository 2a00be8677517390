import { z } from "zod";

// Flowise saves an unset input as "" and numbers and booleans as text as often as not.
const unset = (value: unknown) => (value === "" || value === null ? undefined : value);

/** Text; a number or boolean that a reference resolved to is taken as its text. */
export const text = z.preprocess(
  (v) => (v === null || v === undefined ? undefined : typeof v === "string" ? v : toText(v)),
  z.string().default(""),
);
export const number = z.preprocess((v) => {
  const value = unset(v);
  return typeof value === "string" ? Number(value) : value;
}, z.number().optional());
export const flag = z.preprocess((v) => v === true || v === "true", z.boolean());
/** Rows of an `array` input: `""` when empty. */
export const rows = <T extends z.ZodType>(row: T) =>
  z.preprocess((v) => (Array.isArray(v) ? v : []), z.array(row));

function toText(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
