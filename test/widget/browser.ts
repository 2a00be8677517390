import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A Chromium of this machine: `CHROMIUM` if set, else where packages put it. */
export const findChromium = (): string | undefined =>
  [process.env.CHROMIUM ?? "", ...places].find((path) => path !== "" && existsSync(path));

export interface TestBrowser {
  /** A visitor with a memory of their own; pages reach the loopback and nothing else. */
  newVisitor(): Promise<BrowserContext>;
  close(): Promise<void>;
}

export async function openBrowser(executablePath: string): Promise<TestBrowser> {
  // Root has no sandbox, and containers have little shared memory.
  const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
  const browser: Browser = await chromium.launch({ executablePath, args, timeout: 60_000 });
  return {
    async newVisitor() {
      const visitor = await browser.newContext({ viewport: { width: 760, height: 760 } });
      visitor.setDefaultTimeout(30_000);
      await visitor.route(
        (url) => url.hostname !== "127.0.0.1",
        (route) => route.abort("blockedbyclient"),
      );
      return visitor;
    },
    close: () => browser.close(),
  };
}

/** What went wrong on a page, for the message of a test that fails. */
export function watch(page: Page): string[] {
  const seen: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") seen.push(message.text());
  });
  page.on("pageerror", (error) => seen.push(error.message));
  return seen;
}
