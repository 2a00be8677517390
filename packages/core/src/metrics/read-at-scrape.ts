import { Gauge, type Registry } from "prom-client";

const readMs = 2000;
/** Gauges of one scrape are collected side by side: they share a reading this old. */
const shareMs = 500;

/** Gauges over one reading that is made when scraped. They have no value while it cannot be made. */
export function readAtScrape<T>(
  registry: Registry,
  read: () => Promise<T>,
  gauges: [name: string, help: string, of: (reading: T) => number][],
): void {
  let reading: Promise<T | undefined> = Promise.resolve(undefined);
  let readAt = 0;
  const shared = () => {
    if (Date.now() - readAt > shareMs) {
      readAt = Date.now();
      reading = within(read(), readMs).catch(() => undefined);
    }
    return reading;
  };
  for (const [name, help, of] of gauges)
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const value = await shared();
        if (value === undefined) this.remove();
        else this.set(of(value));
      },
    });
}

async function within<T>(reading: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
  });
  return Promise.race([reading, late]).finally(() => clearTimeout(timer));
}
