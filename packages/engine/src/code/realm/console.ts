import type { Realm } from "./realm.ts";

/** `console`: a bounded number of bounded lines, for the operator's log. */
export function installConsole(realm: Realm): void {
  const maxLines = 100;
  const maxLength = 2_000;
  let lines = 0;
  const begin = realm.beginRun;
  realm.beginRun = (runId) => {
    lines = 0;
    begin(runId);
  };

  const show = (value: unknown): string => {
    if (typeof value === "string") return value;
    try {
      if (value instanceof Error) return String(value);
      return (typeof value === "object" && JSON.stringify(value)) || String(value);
    } catch {
      return "[object]";
    }
  };
  const writer =
    (level: string) =>
    (...values: unknown[]) => {
      if (lines++ >= maxLines) return;
      const text = values.map(show).join(" ").slice(0, maxLength);
      realm.post(`log:${level}`, 0, JSON.stringify(text));
    };
  const quiet = () => {};

  const console = {
    log: writer("info"),
    info: writer("info"),
    dir: writer("info"),
    table: writer("info"),
    debug: writer("debug"),
    trace: writer("debug"),
    warn: writer("warn"),
    error: writer("error"),
    assert: (value: unknown, ...rest: unknown[]) =>
      value || writer("error")("Assertion failed:", ...rest),
    group: quiet,
    groupCollapsed: quiet,
    groupEnd: quiet,
    time: quiet,
    timeEnd: quiet,
    timeLog: quiet,
    count: quiet,
    countReset: quiet,
    clear: quiet,
  };
  Object.defineProperty(globalThis, "console", {
    value: console,
    configurable: true,
    writable: true,
  });
}
