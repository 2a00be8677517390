import { afterAll, beforeAll, expect, test } from "vitest";
import { drawChatflow, instance } from "../packages/engine/src/chatflow/chatflow-test-bench.ts";
import { ask, call } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import { openScriptedModels } from "./scripted-models.ts";
import { openSplit, type Split, store } from "./split.ts";

let split: Split;
let models: Awaited<ReturnType<typeof openScriptedModels>>;
beforeAll(async () => {
  [split, models] = await Promise.all([openSplit(), openScriptedModels()]);
});
afterAll(async () => {
  models?.close();
  await split?.close();
});

const flows = {
  CHATFLOW: () =>
    drawChatflow({
      chatOpenAI_0: { inputs: { modelName: "m", basepath: `${models.url}/v1` } },
      bufferMemory_0: { category: "Memory" },
      conversationChain_0: {
        inputs: { model: instance("chatOpenAI_0"), memory: instance("bufferMemory_0") },
      },
    }),
  AGENTFLOW: () =>
    chain(start(), llm(models, { llmEnableMemory: true, llmMemoryType: "allMessages" })),
};

test.each(["CHATFLOW", "AGENTFLOW"] as const)(
  "a %s remembers the text of a file that came with an earlier question, until it is deleted",
  async (type) => {
    const flow = await store(split, flows[type](), { type });
    const note = {
      type: "file:full",
      name: "note.md",
      mime: "text/markdown",
      data: "Tea is green.",
    };
    const told = async (question: string, uploads: object[] = []) => {
      models.say({ text: "Yes." });
      expect((await ask(split.url, flow, { question, chatId: "c1", uploads })).status).toBe(200);
      const [request] = models.taken();
      return request?.body.messages.map(({ content }: { content: unknown }) => content);
    };
    const block = "<doc name='note.md'>Tea is green.</doc>";
    expect((await told("Is it?", [note])).at(-1)).toContain(block);
    const later = await told("Really?");
    expect(later.at(-1)).toBe("Really?");
    expect(later.at(-3)).toContain(`${block}\n\n`);
    expect(later.at(-3)).toMatch(/Is it\?$/);
    const path = `/chatmessage/${flow}?chatId=c1`;
    const kept = (await call(split.url, "GET", path, { key: split.key })).json;
    expect(kept[0]).toMatchObject({ content: "Is it?", fileUploads: [{ name: "note.md" }] });
    await call(split.url, "DELETE", path, { key: split.key });
    expect(JSON.stringify(await told("Still?"))).not.toContain("green");
  },
);
