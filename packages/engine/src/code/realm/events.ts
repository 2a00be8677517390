import type { Realm } from "./realm.ts";

/** The module `events`. */
export function installEvents(realm: Realm): void {
  type Listener = (...args: unknown[]) => unknown;
  type Entry = { call: Listener; once: boolean };

  class EventEmitter {
    static EventEmitter = EventEmitter;
    static defaultMaxListeners = 10;
    #entries = new Map<unknown, Entry[]>();
    #add(name: unknown, call: Listener, once: boolean, first = false) {
      if (typeof call !== "function") throw new TypeError("A listener is a function");
      const list = this.#entries.get(name) ?? [];
      this.#entries.set(name, first ? [{ call, once }, ...list] : [...list, { call, once }]);
      return this;
    }
    on(name: unknown, call: Listener) {
      return this.#add(name, call, false);
    }
    addListener(name: unknown, call: Listener) {
      return this.#add(name, call, false);
    }
    once(name: unknown, call: Listener) {
      return this.#add(name, call, true);
    }
    prependListener(name: unknown, call: Listener) {
      return this.#add(name, call, false, true);
    }
    prependOnceListener(name: unknown, call: Listener) {
      return this.#add(name, call, true, true);
    }
    off(name: unknown, call: Listener) {
      const list = this.#entries.get(name) ?? [];
      const at = list.findLastIndex((entry) => entry.call === call);
      if (at >= 0) this.#entries.set(name, list.toSpliced(at, 1));
      return this;
    }
    removeListener(name: unknown, call: Listener) {
      return this.off(name, call);
    }
    removeAllListeners(name?: unknown) {
      if (name === undefined) this.#entries.clear();
      else this.#entries.delete(name);
      return this;
    }
    emit(name: unknown, ...args: unknown[]): boolean {
      const list = this.#entries.get(name) ?? [];
      if (list.length === 0 && name === "error") {
        throw args[0] instanceof Error ? args[0] : new Error(`Unhandled error. (${args[0]})`);
      }
      for (const entry of list) {
        if (entry.once) this.off(name, entry.call);
        entry.call.apply(this, args);
      }
      return list.length > 0;
    }
    listeners(name: unknown) {
      return (this.#entries.get(name) ?? []).map((entry) => entry.call);
    }
    listenerCount(name: unknown) {
      return this.#entries.get(name)?.length ?? 0;
    }
    eventNames() {
      return [...this.#entries].filter(([, list]) => list.length > 0).map(([name]) => name);
    }
    setMaxListeners() {
      return this;
    }
    static once(emitter: EventEmitter, name: unknown) {
      return new Promise((resolve, reject) => {
        const fail = (error: unknown) => {
          emitter.off(name, done);
          reject(error);
        };
        const done = (...args: unknown[]) => {
          emitter.off("error", fail);
          resolve(args);
        };
        emitter.once(name, done);
        if (name !== "error") emitter.once("error", fail);
      });
    }
  }
  realm.modules.events = EventEmitter;
}
