import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { prompt } from "../../chatflow/chat-parts.ts";
import { fillPrompt, type Prompt } from "../../chatflow/prompt.ts";
import { parseTemplate, type Template } from "../../chatflow/template.ts";
import { text } from "../../input.ts";

const Examples = z.preprocess(
  (value, context) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value.replaceAll(/[\n\r\t]/g, " "));
    } catch {
      context.addIssue({ code: "custom", message: "is not a JSON list of examples" });
      return z.NEVER;
    }
  },
  z.array(z.record(z.string(), z.unknown())),
);

/** Examples, each filled into the same prompt, between a prefix and a suffix. */
export const fewShotPromptTemplate = defineChatNode({
  name: "fewShotPromptTemplate",
  inputs: z.object({
    examples: Examples,
    examplePrompt: prompt,
    prefix: text,
    suffix: text,
    exampleSeparator: text,
  }),
  init({ examples, examplePrompt, prefix, suffix, exampleSeparator }): Prompt {
    const separator = (exampleSeparator || "\n\n").replaceAll("\\n", "\n");
    const shown = examples.map((values) =>
      fillPrompt(examplePrompt.messages, values)
        .map(({ content }) => content)
        .join("\n"),
    );
    const parts: Template[] = [
      parseTemplate(prefix),
      ...shown.map((one) => [one]),
      parseTemplate(suffix),
    ];
    const template = parts.filter((part) => part.length > 0);
    return {
      kind: "prompt",
      messages: [
        {
          role: "user",
          template: template.flatMap((part, i) => (i === 0 ? part : [separator, ...part])),
        },
      ],
      values: undefined,
    };
  },
});
