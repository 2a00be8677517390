import type { Realm } from "./realm.ts";

/** `URL` (parsed by the host), `URLSearchParams`, and the modules `url`, `querystring` and `path`. */
export function installUrl(realm: Realm): void {
  type Parts = Record<string, string>;
  let link: (params: URLSearchParams, changed: () => void) => void = () => {};

  const decodeField = (text: string) =>
    String(realm.ask("querystring", "unescape", [text.replace(/\+/g, " ")]));
  const encodeField = (text: string) =>
    encodeURIComponent(text.toWellFormed())
      .replace(/%20/g, "+")
      .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

  class URLSearchParams {
    #list: [string, string][] = [];
    #changed = () => {};
    static {
      link = (params, changed) => {
        params.#changed = changed;
      };
    }
    constructor(init?: unknown) {
      if (init === undefined || init === null) return;
      if (typeof init === "object") {
        const iterable = Symbol.iterator in init;
        const pairs = iterable ? [...(init as Iterable<unknown[]>)] : Object.entries(init);
        for (const [name, value] of pairs) this.#list.push([String(name), String(value)]);
        return;
      }
      for (const part of String(init).replace(/^\?/, "").split("&")) {
        if (!part) continue;
        const at = part.indexOf("=");
        const name = at < 0 ? part : part.slice(0, at);
        this.#list.push([decodeField(name), at < 0 ? "" : decodeField(part.slice(at + 1))]);
      }
    }
    get size() {
      return this.#list.length;
    }
    append(name: string, value: unknown) {
      this.#list.push([String(name), String(value)]);
      this.#changed();
    }
    delete(name: string) {
      this.#list = this.#list.filter((pair) => pair[0] !== String(name));
      this.#changed();
    }
    get(name: string) {
      return this.#list.find((pair) => pair[0] === String(name))?.[1] ?? null;
    }
    getAll(name: string) {
      return this.#list.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]);
    }
    has(name: string) {
      return this.#list.some((pair) => pair[0] === String(name));
    }
    set(name: string, value: unknown) {
      const found = this.#list.find((pair) => pair[0] === String(name));
      if (!found) return this.append(name, value);
      found[1] = String(value);
      this.#list = this.#list.filter((pair) => pair === found || pair[0] !== String(name));
      this.#changed();
    }
    sort() {
      this.#list.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
      this.#changed();
    }
    forEach(callback: (value: string, name: string, params: URLSearchParams) => void) {
      for (const [name, value] of this.#list) callback(value, name, this);
    }
    *keys() {
      for (const pair of this.#list) yield pair[0];
    }
    *values() {
      for (const pair of this.#list) yield pair[1];
    }
    *entries(): Generator<[string, string]> {
      for (const pair of this.#list) yield [pair[0], pair[1]];
    }
    [Symbol.iterator]() {
      return this.entries();
    }
    toString() {
      return this.#list
        .map(([name, value]) => `${encodeField(name)}=${encodeField(value)}`)
        .join("&");
    }
  }

  class URL {
    #parts: Parts;
    #params: URLSearchParams | undefined;
    constructor(href: unknown, base?: unknown) {
      this.#parts = realm.ask(
        "url.parse",
        String(href),
        base === undefined ? null : String(base),
      ) as Parts;
    }
    static canParse(href: unknown, base?: unknown) {
      try {
        return Boolean(new URL(href, base));
      } catch {
        return false;
      }
    }
    static parse(href: unknown, base?: unknown) {
      return URL.canParse(href, base) ? new URL(href, base) : null;
    }
    static part(url: URL, name: string): string {
      return url.#parts[name] as string;
    }
    static change(url: URL, name: string, value: unknown, keepParams = false): void {
      url.#parts = realm.ask("url.set", url.#parts.href, name, String(value)) as Parts;
      if (!keepParams) url.#params = undefined;
    }
    get searchParams() {
      if (!this.#params) {
        const params = new URLSearchParams(this.#parts.search);
        link(params, () => change(this, "search", params.toString(), true));
        this.#params = params;
      }
      return this.#params;
    }
    toString() {
      return this.#parts.href as string;
    }
    toJSON() {
      return this.#parts.href as string;
    }
  }
  const { part, change } = URL;
  // @ts-expect-error: these two belong to the accessors below
  delete URL.part;
  // @ts-expect-error
  delete URL.change;
  const names = "href protocol username password host hostname port pathname search hash origin";
  for (const name of names.split(" ")) {
    Object.defineProperty(URL.prototype, name, {
      enumerable: true,
      get(this: URL) {
        return part(this, name);
      },
      ...(name !== "origin" && {
        set(this: URL, value: unknown) {
          change(this, name, value);
        },
      }),
    });
  }

  const fromHost = (module: string, functions: string) =>
    Object.fromEntries(
      functions
        .split(" ")
        .map((name) => [name, (...args: unknown[]) => realm.ask(module, name, args)]),
    );

  Object.assign(globalThis, { URL, URLSearchParams });
  realm.modules.url = { URL, URLSearchParams, ...fromHost("url", "parse format resolve") };
  const querystring = fromHost("querystring", "parse stringify escape unescape");
  realm.modules.querystring = {
    ...querystring,
    decode: querystring.parse,
    encode: querystring.stringify,
  };
  const path: Record<string, unknown> = {
    ...fromHost(
      "path",
      "basename dirname extname format isAbsolute join normalize parse relative resolve",
    ),
    sep: "/",
    delimiter: ":",
  };
  path.posix = path;
  realm.modules.path = path;
}
