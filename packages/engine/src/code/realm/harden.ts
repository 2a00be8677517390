import type { Realm } from "./realm.ts";

/**
 * Makes the realm fit for one run after another: nothing that code can reach keeps what it writes, except new
 * properties of the global object, which are removed before the next run.
 */
export function hardenRealm(realm: Realm): void {
  const root = globalThis as unknown as Record<PropertyKey, unknown>;
  // Shared memory and wasm are not needed; weak references call back or show garbage collection in a later run.
  for (const name of [
    "WebAssembly",
    "SharedArrayBuffer",
    "Atomics",
    "FinalizationRegistry",
    "WeakRef",
  ]) {
    delete root[name];
  }
  // `RegExp.$1` and its kind remember the last match, that is, another run's data.
  const kept = new Set<PropertyKey>(["length", "name", "prototype", "escape", Symbol.species]);
  for (const key of Reflect.ownKeys(RegExp))
    if (!kept.has(key)) Reflect.deleteProperty(RegExp, key);
  for (const name of ["process", "fs", "child_process", "util"]) root[name] = undefined;

  // A frozen property would also refuse an assignment to an object that inherits it (`error.name = "…"`), so
  // the ones that code commonly overrides become accessors that define the property on the inheriting object.
  const overridable: [object, string[]][] = [
    [
      Object.prototype,
      Object.getOwnPropertyNames(Object.prototype).filter((name) => !name.startsWith("__")),
    ],
    [Function.prototype, ["toString", "constructor", "bind", "call", "apply", "name", "length"]],
    [Array.prototype, ["toString"]],
    [Date.prototype, ["toString", "toJSON", "constructor"]],
  ];
  const errors = [
    Error,
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
    AggregateError,
  ];
  for (const error of errors)
    overridable.push([error.prototype, ["name", "message", "toString", "constructor"]]);
  for (const [object, names] of overridable) {
    for (const name of names) {
      const property = Object.getOwnPropertyDescriptor(object, name);
      if (!property?.configurable || !("value" in property)) continue;
      const { value } = property;
      Object.defineProperty(object, name, {
        configurable: true,
        enumerable: property.enumerable ?? false,
        get: () => value,
        set(this: unknown, next: unknown) {
          if (
            this === object ||
            this === null ||
            (typeof this !== "object" && typeof this !== "function")
          ) {
            throw new TypeError(`Cannot assign to read only property '${name}'`);
          }
          Object.defineProperty(this, name, {
            value: next,
            writable: true,
            enumerable: true,
            configurable: true,
          });
        },
      });
    }
  }

  const seen = new Set<unknown>([globalThis]);
  const queue: object[] = [];
  const reach = (value: unknown) => {
    if (
      value === null ||
      (typeof value !== "object" && typeof value !== "function") ||
      seen.has(value)
    )
      return;
    seen.add(value);
    queue.push(value);
  };
  const inside = (object: object) => {
    reach(Object.getPrototypeOf(object));
    for (const key of Reflect.ownKeys(object)) {
      const property = Reflect.getOwnPropertyDescriptor(object, key);
      reach(property?.value);
      reach(property?.get);
      reach(property?.set);
    }
  };
  inside(globalThis);
  for (const module of [...Object.values(realm.modules), ...realm.hidden]) reach(module);
  // Objects that only syntax or a call leads to.
  const iterators = root.Iterator as {
    from(source: unknown): { map(call: (value: unknown) => unknown): unknown };
  };
  const hidden: unknown[] = [
    function* () {},
    async () => {},
    async function* () {},
    [][Symbol.iterator](),
    ""[Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    "".matchAll(/x/g),
    iterators.from([]).map((value) => value),
    iterators.from({ next: () => ({ done: true, value: undefined }) }),
    (async function* () {})(),
    (function* () {})(),
    new Intl.Segmenter().segment(""),
    new Intl.Segmenter().segment("")[Symbol.iterator](),
    new Error(), // its stack has accessors of its own
    Object.getOwnPropertyDescriptor(Function.prototype, "caller")?.get,
    (() => {
      return (function () {
        // biome-ignore lint/complexity/noArguments: its accessor is what is looked for
        return arguments;
      })();
    })(),
  ];
  for (const object of hidden) inside(object as object);
  for (let object = queue.pop(); object; object = queue.pop()) {
    inside(object);
    if (!ArrayBuffer.isView(object)) Object.freeze(object);
  }
  for (const key of Reflect.ownKeys(root)) {
    const property = Reflect.getOwnPropertyDescriptor(root, key);
    if (!property?.configurable) continue;
    const fixed = "value" in property ? { writable: false } : {};
    Reflect.defineProperty(root, key, { ...fixed, configurable: false });
  }
}
