import type { Change, Epochs, Intake } from "./intake.ts";

const maxWindows = 100_000;

/** Limits and changes of a single process. */
export function openMemoryIntake(now: () => number = Date.now): Intake {
  const windows = new Map<string, { hits: number; endsAt: number }>();
  const listeners: ((change: Change) => void)[] = [];
  const epochs: Epochs = { flow: 0, key: 0, configuration: 0 };

  function hit(name: string, windowMs: number, at: number) {
    let window = windows.get(name);
    if (!window || window.endsAt <= at) {
      if (windows.size >= maxWindows) forgetEnded(at);
      window = { hits: 0, endsAt: at + windowMs };
      windows.set(name, window);
    }
    window.hits++;
    return { hits: window.hits, resetMs: window.endsAt - at };
  }

  function forgetEnded(at: number): void {
    for (const [name, window] of windows) if (window.endsAt <= at) windows.delete(name);
    // Under an attack with ever new addresses the oldest go first.
    for (const name of windows.keys()) {
      if (windows.size < maxWindows) break;
      windows.delete(name);
    }
  }

  return {
    async admit(given) {
      const at = now();
      return {
        at,
        epochs: { ...epochs },
        windows: given.map((window) => hit(window.name, window.windowMs, at)),
      };
    },
    async announce(change) {
      epochs[change.kind]++;
      for (const listener of listeners) listener(change);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
