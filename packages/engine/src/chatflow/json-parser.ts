import JSON5 from "json5";
import type { JsonSchema } from "../model.ts";
import type { OutputParser } from "./chat-parts.ts";
import { conform } from "./conform.ts";

/** Reads JSON of one shape out of a model's text, fenced or bare. */
export const jsonParser = (schema: JsonSchema, repairs: boolean): OutputParser => ({
  kind: "parser",
  repairs,
  instructions: instructionsFor(schema),
  parse(text) {
    try {
      return conform(schema, parsed(bare(text)));
    } catch (error) {
      throw new Error(
        `Failed to parse. Text: "${text}". Error: ${error instanceof Error ? error.message : error}`,
        { cause: error },
      );
    }
  },
});

const bare = (text: string): string => /```(?:json)?\s*([\s\S]*?)```/.exec(text)?.[1] ?? text;

// JSON5 forgives what models get wrong most: quotes, commas at the end, comments.
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return JSON5.parse(text);
  }
}

// LangChain's words (MIT), doubled braces included: flows are tuned to them.
const instructionsFor = (schema: JsonSchema) =>
  `You must format your output as a JSON value that adheres to a given "JSON Schema" instance.

"JSON Schema" is a declarative language that allows you to annotate and validate JSON documents.

For example, the example "JSON Schema" instance {{"properties": {{"foo": {{"description": "a list of test words", "type": "array", "items": {{"type": "string"}}}}}}, "required": ["foo"]}}
would match an object with one required property, "foo". The "type" property specifies "foo" must be an "array", and the "description" property semantically describes it as "a list of test words". The items within "foo" must be strings.
Thus, the object {{"foo": ["bar", "baz"]}} is a well-formatted instance of this example "JSON Schema". The object {{"properties": {{"foo": ["bar", "baz"]}}}} is not well-formatted.

Your output will be parsed and type-checked according to the provided schema instance, so make sure all fields in your output match the schema exactly and there are no trailing commas!

Here is the JSON Schema instance your output must adhere to. Include the enclosing markdown codeblock:
\`\`\`json
${JSON.stringify({ ...schema, $schema: "http://json-schema.org/draft-07/schema#" })}
\`\`\`
`;
