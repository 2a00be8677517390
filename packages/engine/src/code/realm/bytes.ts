import type { Realm } from "./realm.ts";

/** Text encodings, and the globals that are about them. */
export function installBytes(realm: Realm): void {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const values = new Int16Array(128).fill(-1);
  for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i;
  values[45] = 62; // "-" and "_" of base64url
  values[95] = 63;

  const fromUtf8 = (text: string): Uint8Array => {
    const out = new Uint8Array(text.length * 3);
    let n = 0;
    for (let i = 0; i < text.length; i++) {
      let code = text.charCodeAt(i);
      if (code >= 0xd800 && code < 0xe000) {
        const low = code < 0xdc00 ? text.charCodeAt(i + 1) : 0;
        if (low >= 0xdc00 && low < 0xe000) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          i++;
        } else {
          code = 0xfffd;
        }
      }
      if (code < 0x80) {
        out[n++] = code;
      } else if (code < 0x800) {
        out[n++] = 0xc0 | (code >> 6);
        out[n++] = 0x80 | (code & 63);
      } else if (code < 0x10000) {
        out[n++] = 0xe0 | (code >> 12);
        out[n++] = 0x80 | ((code >> 6) & 63);
        out[n++] = 0x80 | (code & 63);
      } else {
        out[n++] = 0xf0 | (code >> 18);
        out[n++] = 0x80 | ((code >> 12) & 63);
        out[n++] = 0x80 | ((code >> 6) & 63);
        out[n++] = 0x80 | (code & 63);
      }
    }
    return out.slice(0, n);
  };

  const toUtf8 = (bytes: Uint8Array): string => {
    let text = "";
    const units: number[] = [];
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i++] as number;
      const more =
        first < 0x80
          ? 0
          : first < 0xc2
            ? -1
            : first < 0xe0
              ? 1
              : first < 0xf0
                ? 2
                : first < 0xf5
                  ? 3
                  : -1;
      let code = more < 0 ? 0xfffd : more === 0 ? first : first & (0x3f >> more);
      for (let k = 0; k < more; k++) {
        const next = bytes[i];
        const low = k === 0 ? (first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80) : 0x80;
        const high = k === 0 ? (first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf) : 0xbf;
        if (next === undefined || next < low || next > high) {
          code = 0xfffd;
          break;
        }
        code = (code << 6) | (next & 63);
        i++;
      }
      if (code > 0xffff) {
        units.push(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
      } else {
        units.push(code);
      }
      if (units.length > 4096) text += String.fromCharCode(...units.splice(0));
    }
    return text + String.fromCharCode(...units);
  };

  const fromBase64 = (text: string): Uint8Array => {
    const out = new Uint8Array(Math.ceil((text.length * 3) / 4));
    let n = 0;
    let bits = 0;
    let held = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 61) break;
      const value = code < 128 ? (values[code] as number) : -1;
      if (value < 0) continue;
      held = ((held << 6) | value) & 0xffff;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        out[n++] = (held >> bits) & 255;
      }
    }
    return out.slice(0, n);
  };

  const toBase64 = (bytes: Uint8Array, url = false): string => {
    let text = "";
    for (let i = 0; i < bytes.length; i += 3) {
      const a = bytes[i] as number;
      const b = bytes[i + 1];
      const c = bytes[i + 2];
      text += `${alphabet[a >> 2]}${alphabet[((a & 3) << 4) | ((b ?? 0) >> 4)]}`;
      text += b === undefined ? "=" : alphabet[((b & 15) << 2) | ((c ?? 0) >> 6)];
      text += c === undefined ? "=" : alphabet[c & 63];
    }
    return url ? text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") : text;
  };

  const of = (value: unknown): Uint8Array => {
    if (typeof value === "string") return fromUtf8(value);
    if (value instanceof Uint8Array) return value;
    if (ArrayBuffer.isView(value)) {
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    throw new TypeError("Expected a string, a Buffer, an ArrayBuffer or a view on one");
  };

  realm.bytes = { fromUtf8, toUtf8, fromBase64, toBase64, of };

  class TextEncoder {
    get encoding() {
      return "utf-8";
    }
    encode(text = "") {
      return fromUtf8(String(text));
    }
  }

  class TextDecoder {
    constructor(label = "utf-8") {
      if (!/^utf-?8$/i.test(String(label)))
        throw new RangeError(`Only utf-8 is offered, not ${label}`);
    }
    get encoding() {
      return "utf-8";
    }
    decode(bytes?: unknown) {
      return bytes === undefined ? "" : toUtf8(of(bytes)).replace(/^\ufeff/, "");
    }
  }

  Object.assign(globalThis, {
    TextEncoder,
    TextDecoder,
    atob: (text: string) => {
      let out = "";
      for (const byte of fromBase64(String(text))) out += String.fromCharCode(byte);
      return out;
    },
    btoa: (text: string) => {
      const source = String(text);
      const bytes = new Uint8Array(source.length);
      for (let i = 0; i < source.length; i++) {
        const code = source.charCodeAt(i);
        if (code > 255) throw new RangeError("btoa takes characters up to U+00FF only");
        bytes[i] = code;
      }
      return toBase64(bytes);
    },
  });
}
