import { boundStream } from "./lambda-stream.ts";

/** What one environment of the function keeps between invocations. */
export interface Environment {
  fetch(request: Request): Response | Promise<Response>;
  /** Rejects when a connection has died while the environment was frozen. */
  check(): Promise<unknown>;
  close(): Promise<void>;
}

export interface LambdaAppOptions {
  open(): Promise<Environment>;
  streamLimitMs: number;
  /** Shorter than this between two requests, sockets are taken to be alive. */
  freshMs?: number;
  checkMs?: number;
}

interface Invocation {
  requestContext?: { http?: { sourceIp?: string }; identity?: { sourceIp?: string } };
}

/** The app as a function serves it: opened once for each environment, and again when a thaw finds it dead. */
export function lambdaApp({
  open,
  streamLimitMs,
  freshMs = 5000,
  checkMs = 1000,
}: LambdaAppOptions) {
  let opened: Promise<Environment> | undefined;
  let usedAt = 0;

  async function current(): Promise<Environment> {
    const known = opened;
    if (known && usedAt > 0 && Date.now() - usedAt > freshMs) {
      const environment = await known;
      const alive = await within(environment.check(), checkMs);
      if (!alive && opened === known) {
        opened = undefined;
        usedAt = 0;
        // What is dead may take its time to close.
        void environment.close().catch(() => {});
      }
    }
    opened ??= open().catch((error) => {
      opened = undefined;
      throw error;
    });
    const environment = await opened;
    usedAt = Date.now();
    return environment;
  }

  return {
    async fetch(request: Request, invocation: Invocation): Promise<Response> {
      const { http, identity } = invocation.requestContext ?? {};
      // The gateway's own word; what the header says further left was written by the caller.
      const sourceIp = http?.sourceIp ?? identity?.sourceIp;
      if (sourceIp) request.headers.set("x-forwarded-for", sourceIp);
      const environment = await current();
      return boundStream(await environment.fetch(request), streamLimitMs);
    },
  };
}

async function within(check: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  return Promise.race([
    check.then(
      () => true,
      () => false,
    ),
    late,
  ]).finally(() => clearTimeout(timer));
}
