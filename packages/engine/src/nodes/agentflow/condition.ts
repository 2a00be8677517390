import { z } from "zod";
import { compare } from "../../condition.ts";
import { defineNode } from "../../node.ts";

const Row = z.object({
  type: z.string().default("string"),
  value1: z.unknown().optional(),
  operation: z.string().default("equal"),
  value2: z.unknown().optional(),
});

/** Takes the branch of the first true row, else the last. */
export const condition = defineNode({
  name: "conditionAgentflow",
  decides: true,
  inputs: z.object({
    conditions: z.preprocess(
      (v) => (typeof v === "object" && v !== null ? Object.values(v) : []),
      z.array(Row),
    ),
  }),
  run({ conditions: given }) {
    const first = given.findIndex((row) =>
      compare(row.type, row.operation, row.value1, row.value2),
    );
    const conditions = given.map((row, i) => (i === first ? { ...row, isFulfilled: true } : row));
    const otherwise = {
      type: "string",
      value1: "",
      operation: "equal",
      value2: "",
      isFulfilled: first < 0,
    };
    return {
      input: { conditions: Object.fromEntries(given.entries()) },
      output: { conditions: [...conditions, otherwise] },
    };
  },
});
