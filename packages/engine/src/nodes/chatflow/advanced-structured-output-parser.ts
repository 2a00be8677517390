import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { jsonParser } from "../../chatflow/json-parser.ts";
import { parseZodSource } from "../../chatflow/zod-source.ts";
import { flag, text } from "../../input.ts";

/** A value of the shape that the author writes as a zod schema. */
export const advancedStructuredOutputParser = defineChatNode({
  name: "advancedStructuredOutputParser",
  inputs: z.object({ exampleJson: text, autofixParser: flag }),
  init({ exampleJson, autofixParser }) {
    try {
      return jsonParser(parseZodSource(exampleJson), autofixParser);
    } catch (cause) {
      throw new Error(`Error parsing Zod Schema: ${(cause as Error).message}`, { cause });
    }
  },
});
