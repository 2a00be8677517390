import type { Realm } from "./realm.ts";

/** The module `axios`: the calls flows make, never failing on a status. */
export function installAxios(realm: Realm): void {
  interface Config {
    url?: string;
    baseURL?: string;
    method?: string;
    headers?: Record<string, unknown>;
    params?: unknown;
    data?: unknown;
    auth?: { username?: string; password?: string };
    timeout?: number;
    responseType?: string;
  }
  const { bytes } = realm;

  const address = ({ url = "", baseURL, params }: Config): string => {
    const absolute = /^[a-z][a-z\d+.-]*:/i.test(url) || !baseURL;
    const full = absolute
      ? String(url)
      : `${baseURL.replace(/\/+$/, "")}/${url.replace(/^\/+/, "")}`;
    if (params === undefined || params === null) return full;
    const query = params instanceof URLSearchParams ? params : new URLSearchParams();
    if (!(params instanceof URLSearchParams)) {
      for (const [name, value] of Object.entries(params)) {
        if (value === undefined || value === null) continue;
        const list = Array.isArray(value) ? value : [value];
        for (const item of list) {
          const text =
            item instanceof Date
              ? item.toISOString()
              : typeof item === "object"
                ? JSON.stringify(item)
                : item;
          query.append(Array.isArray(value) ? `${name}[]` : name, text);
        }
      }
    }
    const [path = "", ...hash] = full.split("#");
    const text = query.toString();
    const joined = text ? `${path}${path.includes("?") ? "&" : "?"}${text}` : path;
    return hash.length ? `${joined}#${hash.join("#")}` : joined;
  };

  const send = async (config: Config) => {
    const headers: Record<string, string> = { accept: "application/json, text/plain, */*" };
    for (const [name, value] of Object.entries(config.headers ?? {})) {
      if (value !== undefined && value !== null) headers[name.toLowerCase()] = String(value);
    }
    if (config.auth) {
      const text = `${config.auth.username ?? ""}:${config.auth.password ?? ""}`;
      headers.authorization = `Basic ${bytes.toBase64(bytes.fromUtf8(text))}`;
    }
    let body: object = {};
    const { data } = config;
    const method = String(config.method ?? "get").toUpperCase();
    if (data !== undefined && data !== null) {
      if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) {
        body = { base64: bytes.toBase64(bytes.of(data)) };
      } else {
        const form = data instanceof URLSearchParams;
        const plain = typeof data === "object" && !form;
        body = { text: plain ? JSON.stringify(data) : String(data) };
        headers["content-type"] ??= plain
          ? "application/json"
          : "application/x-www-form-urlencoded";
      }
    }
    const url = address(config);
    const timeoutMs = Number(config.timeout) || undefined;
    const answer = await realm.request({ url, method, headers, ...body, timeoutMs });
    const raw = () => bytes.fromBase64(answer.base64 ?? "");
    let value: unknown;
    if (config.responseType === "arraybuffer") {
      value = globalThis.Buffer.from(
        answer.text === undefined ? raw() : bytes.fromUtf8(answer.text),
      );
    } else {
      const text = answer.text ?? bytes.toUtf8(raw());
      value = text;
      if (config.responseType !== "text") {
        try {
          value = JSON.parse(text);
        } catch {
          // what is not JSON stays text
        }
      }
    }
    return {
      data: value,
      status: answer.status,
      statusText: answer.statusText,
      headers: answer.headers,
      config: { ...config, url, method: method.toLowerCase(), headers },
    };
  };

  const withConfig = (base: Config) => {
    const merge = (config: Config): Config => ({
      ...base,
      ...config,
      headers: { ...base.headers, ...config.headers },
    });
    const bare =
      (method: string) =>
      (url: string, config: Config = {}) =>
        send(merge({ ...config, url, method }));
    const withData =
      (method: string) =>
      (url: string, data?: unknown, config: Config = {}) =>
        send(merge({ ...config, url, data, method }));
    const call = (first: string | Config, config: Config = {}) =>
      send(merge(typeof first === "string" ? { ...config, url: first } : first));
    return Object.assign(call, {
      request: (config: Config) => send(merge(config)),
      get: bare("get"),
      delete: bare("delete"),
      head: bare("head"),
      options: bare("options"),
      post: withData("post"),
      put: withData("put"),
      patch: withData("patch"),
      isAxiosError: () => false,
    });
  };
  const axios = Object.assign(withConfig({}), {
    create: (config: Config = {}) => withConfig(config),
  });
  realm.modules.axios = Object.assign(axios, { default: axios });
}
