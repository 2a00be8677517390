import type { Realm, RealmAnswer } from "./realm.ts";

/** `fetch` and the module `node-fetch`, over the one guarded way out. */
export function installFetch(realm: Realm): void {
  const { bytes } = realm;

  realm.request = (request, onId) =>
    new Promise((resolve, reject) => {
      const id = realm.expect({
        settle(ok, text) {
          if (ok) resolve(JSON.parse(text) as RealmAnswer);
          else reject(new Error(JSON.parse(text)));
        },
      });
      realm.post("fetch", id, JSON.stringify(request));
      onId?.(id);
    });

  class Headers {
    #map = new Map<string, string>();
    constructor(init?: unknown) {
      if (init === undefined || init === null) return;
      const iterable = Symbol.iterator in (init as object);
      const pairs = iterable ? [...(init as Iterable<unknown[]>)] : Object.entries(init);
      for (const [name, value] of pairs) this.append(name, value);
    }
    append(name: unknown, value: unknown) {
      const held = this.get(name);
      this.set(name, held === null ? value : `${held}, ${value}`);
    }
    set(name: unknown, value: unknown) {
      this.#map.set(String(name).toLowerCase(), String(value));
    }
    get(name: unknown) {
      return this.#map.get(String(name).toLowerCase()) ?? null;
    }
    has(name: unknown) {
      return this.#map.has(String(name).toLowerCase());
    }
    delete(name: unknown) {
      this.#map.delete(String(name).toLowerCase());
    }
    forEach(callback: (value: string, name: string, headers: Headers) => void) {
      for (const [name, value] of this.#map) callback(value, name, this);
    }
    raw() {
      return Object.fromEntries([...this.#map].map(([name, value]) => [name, [value]]));
    }
    *keys() {
      yield* this.#map.keys();
    }
    *values() {
      yield* this.#map.values();
    }
    *entries() {
      yield* this.#map.entries();
    }
    [Symbol.iterator]() {
      return this.entries();
    }
  }

  class Response {
    #answer: RealmAnswer;
    #used = false;
    headers: Headers;
    constructor(answer: RealmAnswer) {
      this.#answer = answer;
      this.headers = new Headers(answer.headers);
    }
    get status() {
      return this.#answer.status;
    }
    get statusText() {
      return this.#answer.statusText;
    }
    get url() {
      return this.#answer.url;
    }
    get ok() {
      return this.status >= 200 && this.status < 300;
    }
    get bodyUsed() {
      return this.#used;
    }
    #take(): RealmAnswer {
      if (this.#used) throw new TypeError(`body used already for: ${this.url}`);
      this.#used = true;
      return this.#answer;
    }
    #bytes(): Uint8Array {
      const { text, base64 } = this.#take();
      return text === undefined ? bytes.fromBase64(base64 ?? "") : bytes.fromUtf8(text);
    }
    async text(): Promise<string> {
      const { text, base64 } = this.#take();
      return text ?? bytes.toUtf8(bytes.fromBase64(base64 ?? ""));
    }
    async json(): Promise<unknown> {
      const text = await this.text();
      try {
        return JSON.parse(text);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new SyntaxError(`invalid json response body at ${this.url} reason: ${reason}`);
      }
    }
    async arrayBuffer() {
      return this.#bytes().slice().buffer;
    }
    async bytes() {
      return this.#bytes();
    }
    async buffer() {
      return globalThis.Buffer.from(this.#bytes());
    }
    clone() {
      if (this.#used) throw new TypeError("Cannot clone a response whose body was used");
      return new Response(this.#answer);
    }
  }

  class AbortSignal {
    aborted = false;
    reason: unknown;
    onabort: (() => void) | null = null;
    #listeners = new Set<() => void>();
    addEventListener(_type: string, listener: () => void) {
      this.#listeners.add(listener);
    }
    removeEventListener(_type: string, listener: () => void) {
      this.#listeners.delete(listener);
    }
    throwIfAborted() {
      if (this.aborted) throw this.reason;
    }
    static stop(signal: AbortSignal, reason: unknown) {
      if (signal.aborted) return;
      signal.aborted = true;
      signal.reason = reason ?? abortError();
      signal.onabort?.();
      for (const listener of signal.#listeners) listener();
    }
    static timeout(ms: number) {
      const signal = new AbortSignal();
      setTimeout(() => stop(signal, abortError("The operation was aborted due to timeout")), ms);
      return signal;
    }
  }
  const { stop } = AbortSignal;
  // @ts-expect-error: only a controller stops its signal
  delete AbortSignal.stop;
  const abortError = (message = "The operation was aborted.") =>
    Object.assign(new Error(message), { type: "aborted" }, { name: "AbortError" });
  class AbortController {
    signal = new AbortSignal();
    abort(reason?: unknown) {
      stop(this.signal, reason);
    }
  }

  const bodyOf = (body: unknown, headers: Headers): object => {
    if (body === undefined || body === null) return {};
    if (body instanceof ArrayBuffer || ArrayBuffer.isView(body))
      return { base64: bytes.toBase64(bytes.of(body)) };
    const form = body instanceof URLSearchParams;
    const type = form
      ? "application/x-www-form-urlencoded;charset=UTF-8"
      : "text/plain;charset=UTF-8";
    if (!headers.has("content-type")) headers.set("content-type", type);
    return { text: String(body) };
  };

  const fetch = async (resource: unknown, init: RequestInit & { timeout?: number } = {}) => {
    const headers = new Headers(init.headers);
    const signal = init.signal as unknown as AbortSignal | undefined;
    signal?.throwIfAborted();
    const body = bodyOf(init.body, headers);
    const request = {
      url: String((resource as { url?: string })?.url ?? resource),
      method: String(init.method ?? "GET").toUpperCase(),
      headers: Object.fromEntries(headers),
      ...body,
      timeoutMs: init.timeout,
    };
    let id = 0;
    let stopped = () => {};
    const cut = new Promise<never>((_, reject) => {
      stopped = () => {
        if (realm.pending.delete(id)) realm.post("cancelFetch", id, "");
        reject(signal?.reason);
      };
    });
    signal?.addEventListener("abort", stopped);
    const answer = realm.request(request, (given) => {
      id = given;
    });
    return new Response(await (signal ? Promise.race([answer, cut]) : answer));
  };

  Object.assign(globalThis, { fetch, Headers, Response, AbortController, AbortSignal });
  const nodeFetch = (resource: unknown, init?: RequestInit) => fetch(resource, init);
  realm.modules["node-fetch"] = Object.assign(nodeFetch, { default: nodeFetch, Headers, Response });
}
