import type { Realm } from "./realm.ts";

/** Timers, kept by the host. */
export function installTimers(realm: Realm): void {
  let cancel: (handle: unknown) => void = () => {};

  class Timeout {
    #id: number;
    constructor(id: number) {
      this.#id = id;
    }
    static {
      cancel = (handle) => {
        if (handle === null || typeof handle !== "object" || !(#id in handle)) return;
        if (realm.pending.delete(handle.#id)) realm.post("clear", handle.#id, "");
      };
    }
    static again(handle: Timeout, id: number): void {
      handle.#id = id;
    }
    ref() {
      return this;
    }
    unref() {
      return this;
    }
    hasRef() {
      return true;
    }
  }
  realm.hidden.push(Timeout);
  const again = Timeout.again;
  // @ts-expect-error: only this function may point a handle at its next turn
  delete Timeout.again;

  const arm = (callback: () => void, ms: unknown): number => {
    const id = realm.expect({ settle: callback });
    realm.post("timer", id, String(Math.min(Math.max(Number(ms) || 0, 1), 2 ** 31 - 1)));
    return id;
  };

  const checked = (callback: unknown): ((...args: unknown[]) => void) => {
    if (typeof callback === "function") return callback as () => void;
    throw new TypeError("A timer takes a function");
  };

  const setTimeout = (callback: unknown, ms?: unknown, ...args: unknown[]) => {
    const call = checked(callback);
    return new Timeout(arm(() => call(...args), ms));
  };
  const setInterval = (callback: unknown, ms?: unknown, ...args: unknown[]) => {
    const call = checked(callback);
    const turn = () => {
      again(handle, arm(turn, ms));
      call(...args);
    };
    const handle = new Timeout(arm(turn, ms));
    return handle;
  };
  const setImmediate = (callback: unknown, ...args: unknown[]) => setTimeout(callback, 0, ...args);
  const clear = (handle: unknown) => cancel(handle);

  const timers = {
    setTimeout,
    setInterval,
    setImmediate,
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  };
  Object.assign(globalThis, timers, {
    queueMicrotask: (callback: unknown) => {
      const call = checked(callback);
      void Promise.resolve().then(() => call());
    },
  });
  const sleep = (ms?: number, value?: unknown) =>
    new Promise((resolve) => setTimeout(() => resolve(value), ms));
  realm.modules.timers = { ...timers, promises: { setTimeout: sleep } };
}
