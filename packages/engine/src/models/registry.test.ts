import { expect, test } from "vitest";
import { chatModelNames, loadChatModel } from "./registry.ts";

test("every name in the registry loads the component of that name", async () => {
  expect(chatModelNames).toHaveLength(8);
  for (const name of chatModelNames) expect((await loadChatModel(name)).name).toBe(name);
});

test("an unknown model is refused with the names that are known", async () => {
  await expect(loadChatModel("chatNobody")).rejects.toThrow(
    /chatNobody is not supported.*chatOpenAI/,
  );
  await expect(loadChatModel("constructor")).rejects.toThrow(/not supported/);
});
