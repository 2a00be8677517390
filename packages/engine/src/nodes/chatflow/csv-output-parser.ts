import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import type { OutputParser } from "../../chatflow/chat-parts.ts";
import { flag } from "../../input.ts";

/** A list, separated by commas. */
export const csvOutputParser = defineChatNode({
  name: "csvOutputParser",
  inputs: z.object({ autofixParser: flag }),
  init: ({ autofixParser }): OutputParser => ({
    kind: "parser",
    repairs: autofixParser,
    instructions: "Your response should be a list of comma separated values, eg: `foo, bar, baz`",
    parse: (text) =>
      text
        .trim()
        .split(",")
        .map((item) => item.trim()),
  }),
});
