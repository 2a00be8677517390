import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import type { OutputParser } from "../../chatflow/chat-parts.ts";
import { flag, number, text } from "../../input.ts";

/** A list of a known length, separated by what the author chooses. */
export const customListOutputParser = defineChatNode({
  name: "customListOutputParser",
  inputs: z.object({ length: number, separator: text, autofixParser: flag }),
  init({ length, separator: given, autofixParser }): OutputParser {
    const separator = given || ",";
    const count = length ? `${length} ` : "";
    return {
      kind: "parser",
      repairs: autofixParser,
      instructions: `Your response should be a list of ${count}items separated by "${separator}" (eg: \`foo${separator} bar${separator} baz\`)`,
      parse(text) {
        const items = text
          .trim()
          .split(separator)
          .map((item) => item.trim());
        if (length && items.length !== length)
          throw new Error(`Incorrect number of items. Expected ${length}, got ${items.length}.`);
        return items;
      },
    };
  },
});
