import { builtinModules, createRequire } from "node:module";
import { installAxios } from "../../realm/axios.ts";
import type { Realm, RealmAnswer } from "../../realm/realm.ts";
import type { ChildSettings } from "../protocol.ts";

/** The `require` of code: what the isolate offers too, and what the settings name. */
export function makeRequire(settings: ChildSettings): (name: unknown) => unknown {
  const fromFolder = createRequire(`${settings.folder}/code.js`);
  const usual = "assert buffer crypto events path querystring timers url zlib".split(" ");
  const builtins = new Set([...usual, ...settings.builtins]);
  const packages = new Set(settings.packages);
  const modules: Record<string, unknown> = {};
  const isBuiltin = new Set(builtinModules);

  const request = async (call: {
    url: string;
    method: string;
    headers: Record<string, string>;
    text?: string;
    base64?: string;
    timeoutMs?: number;
  }): Promise<RealmAnswer> => {
    const body = call.base64 === undefined ? call.text : Buffer.from(call.base64, "base64");
    const response = await fetch(call.url, {
      method: call.method,
      headers: call.headers,
      ...(body !== undefined && { body }),
      ...(call.timeoutMs && { signal: AbortSignal.timeout(call.timeoutMs) }),
    });
    return {
      status: response.status,
      statusText: response.statusText,
      headers: Object.fromEntries(response.headers),
      url: response.url,
      base64: Buffer.from(await response.arrayBuffer()).toString("base64"),
    };
  };
  const bytes = {
    fromUtf8: (text: string) => Buffer.from(text),
    toUtf8: (data: Uint8Array) => Buffer.from(data).toString("utf8"),
    fromBase64: (text: string) => Buffer.from(text, "base64"),
    toBase64: (data: Uint8Array) => Buffer.from(data).toString("base64"),
    of: (data: ArrayBuffer | ArrayBufferView) =>
      ArrayBuffer.isView(data)
        ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
        : Buffer.from(data),
  };
  installAxios({ modules, bytes, request } as unknown as Realm);
  modules["node-fetch"] = Object.assign((...args: Parameters<typeof fetch>) => fetch(...args), {
    default: (...args: Parameters<typeof fetch>) => fetch(...args),
  });

  return (wanted) => {
    const bare = String(wanted).replace(/^node:/, "");
    if (Object.hasOwn(modules, bare)) return modules[bare];
    const parts = bare.split("/");
    const name = parts.slice(0, bare.startsWith("@") ? 2 : 1).join("/");
    if (builtins.has(name) && isBuiltin.has(bare)) return process.getBuiltinModule(bare);
    if (packages.has(name)) return fromFolder(bare);
    const setting = isBuiltin.has(bare)
      ? "TOOL_FUNCTION_BUILTIN_DEP"
      : "TOOL_FUNCTION_EXTERNAL_DEP";
    throw Object.assign(
      new Error(`Cannot find module '${wanted}'. Code can require it once ${setting} names it.`),
      { code: "MODULE_NOT_FOUND" },
    );
  };
}
