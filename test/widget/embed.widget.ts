import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openSimulator, type Simulator } from "../../packages/simulator/src/simulator.ts";
import { call, until } from "../client.ts";
import { openSplit, type Split, store } from "../split.ts";
import { findChromium, openBrowser, type TestBrowser, watch } from "./browser.ts";
import { retrievalFlow } from "./flows.ts";
import { openSite } from "./site.ts";

const patienceMs = 20_000;
const executable = findChromium();
if (!executable)
  process.stderr.write(
    "The widget is not tested: there is no Chromium here. Install one (apt-get install chromium) or name it in CHROMIUM.\n",
  );

describe.skipIf(!executable)("the unmodified flowise-embed, in a browser", () => {
  let split: Split;
  let simulator: Simulator;
  let browser: TestBrowser;
  let site: Awaited<ReturnType<typeof openSite>>;
  let flowId: string;
  let visitor: BrowserContext;
  beforeAll(async () => {
    [split, simulator] = await Promise.all([openSplit(), openSimulator({ gapMs: 25 })]);
    browser = await openBrowser(executable ?? "");
    site = await openSite(split.url);
    const chatbotConfig = JSON.stringify({
      chatFeedback: { status: true },
      starterPrompts: { 0: { prompt: "What is coffee made from?" } },
      allowedOrigins: [site.url],
    });
    const flow = retrievalFlow(simulator.url);
    flowId = await store(split, flow, { type: "CHATFLOW", chatbotConfig });
    visitor = await browser.newVisitor();
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([split?.close(), simulator?.close(), site?.close()]);
  });

  async function open(id = flowId, as = visitor) {
    const page = await as.newPage();
    onTestFinished(() => page.close());
    const wrong = watch(page);
    await page.goto(`${site.url}/?flow=${id}`);
    return { page, wrong };
  }
  async function ask(page: Page, question: string) {
    await page.locator("textarea").first().fill(question);
    await page.keyboard.press("Enter");
  }
  const answers = (page: Page) => page.locator("span.chatbot-host-bubble");
  const stored = async (path: string) =>
    (await call(split.url, "GET", path, { key: split.key })).json;

  test("streams an answer, shows its sources and sends feedback", async () => {
    const { page, wrong } = await open();
    await page.getByText("What is coffee made from?").first().waitFor();
    await ask(page, "What is tea made from? rid=w [[n=60]]");
    const lengths = new Set<number>();
    const answer = answers(page).nth(1);
    await answer.waitFor();
    await until(async () => {
      const text = (await answer.textContent()) ?? "";
      lengths.add(text.length);
      return text.includes("w:59");
    }, patienceMs);
    expect(lengths.size).toBeGreaterThan(3);
    await expect
      .poll(() => page.locator("button.source-chip").allTextContents(), { timeout: 10_000 })
      .toEqual(
        expect.arrayContaining([
          "Tea is made from the leaves of Camellia sinensis.",
          "Coffee is made from roasted beans.",
        ]),
      );

    await page.getByTitle("Thumbs Up").click();
    await page.getByPlaceholder("What do you think of the response?").fill("Well said");
    await page.getByText("Submit Feedback").click();
    await until(
      async () => (await stored(`/feedback/${flowId}`))[0]?.content === "Well said",
      patienceMs,
    );
    const [message] = (await stored(`/chatmessage/${flowId}`)).filter(
      ({ role }: { role: string }) => role === "apiMessage",
    );
    expect(await stored(`/feedback/${flowId}`)).toMatchObject([
      { messageId: message.id, rating: "THUMBS_UP", content: "Well said" },
    ]);
    expect(wrong).toEqual([]);
  });

  test("opens again with its history, and goes on with it", async () => {
    const { page, wrong } = await open();
    await page.getByText("What is tea made from? rid=w [[n=60]]").waitFor();
    await until(
      async () => (await answers(page).nth(1).textContent())?.includes("w:59") ?? false,
      patienceMs,
    );
    await ask(page, "And coffee? rid=again [[n=5]]");
    await until(
      async () => (await answers(page).nth(2).textContent())?.includes("again:4") ?? false,
      patienceMs,
    );
    const messages = await stored(`/chatmessage/${flowId}`);
    expect(messages).toHaveLength(4);
    expect(new Set(messages.map(({ chatId }: { chatId: string }) => chatId)).size).toBe(1);
    expect(wrong).toEqual([]);
  });

  test("gets no answer on a page whose origin the flow does not allow", async () => {
    const chatbotConfig = JSON.stringify({ allowedOrigins: ["https://elsewhere.example"] });
    const flow = retrievalFlow(simulator.url);
    const id = await store(split, flow, { type: "CHATFLOW", chatbotConfig });
    const { page } = await open(id, await browser.newVisitor());
    await ask(page, "What is tea made from?");
    await page.waitForTimeout(1500);
    expect(await stored(`/chatmessage/${id}`)).toEqual([]);
  });

  // WIDGET_SCREENSHOT=docs/widget.png npm run test:widget
  test.skipIf(!process.env.WIDGET_SCREENSHOT)("has its picture taken", async () => {
    const { page } = await open(flowId, await browser.newVisitor());
    await ask(page, "What is tea made from?");
    await page.locator("button.source-chip").first().waitFor();
    await page.waitForTimeout(1000);
    await page.screenshot({ path: process.env.WIDGET_SCREENSHOT ?? "" });
  });
});
