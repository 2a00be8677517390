import type { Realm } from "./realm.ts";

/** `Buffer`: the parts that code in flows uses, over Uint8Array. */
export function installBuffer(realm: Realm): void {
  const { bytes } = realm;
  const hex = "0123456789abcdef";

  const decode = (text: string, encoding = "utf8"): Uint8Array => {
    switch (String(encoding).toLowerCase()) {
      case "utf8":
      case "utf-8":
        return bytes.fromUtf8(text);
      case "base64":
      case "base64url":
        return bytes.fromBase64(text);
      case "hex": {
        const out: number[] = [];
        for (let i = 0; i + 1 < text.length; i += 2) {
          const high = hex.indexOf((text[i] as string).toLowerCase());
          const low = hex.indexOf((text[i + 1] as string).toLowerCase());
          if (high < 0 || low < 0) break;
          out.push(high * 16 + low);
        }
        return new Uint8Array(out);
      }
      case "ascii":
      case "latin1":
      case "binary":
        return Uint8Array.from(text, (char) => char.charCodeAt(0) & 255);
      case "utf16le":
      case "utf-16le":
      case "ucs2":
      case "ucs-2": {
        const out = new Uint8Array(text.length * 2);
        for (let i = 0; i < text.length; i++) {
          out[i * 2] = text.charCodeAt(i) & 255;
          out[i * 2 + 1] = text.charCodeAt(i) >> 8;
        }
        return out;
      }
      default:
        throw new TypeError(`Unknown encoding: ${encoding}`);
    }
  };

  const encode = (part: Uint8Array, encoding = "utf8"): string => {
    switch (String(encoding).toLowerCase()) {
      case "utf8":
      case "utf-8":
        return bytes.toUtf8(part);
      case "base64":
        return bytes.toBase64(part);
      case "base64url":
        return bytes.toBase64(part, true);
      case "hex": {
        let text = "";
        for (const byte of part) text += (hex[byte >> 4] as string) + hex[byte & 15];
        return text;
      }
      case "ascii":
      case "latin1":
      case "binary": {
        const mask = encoding.toLowerCase() === "ascii" ? 127 : 255;
        let text = "";
        for (const byte of part) text += String.fromCharCode(byte & mask);
        return text;
      }
      case "utf16le":
      case "utf-16le":
      case "ucs2":
      case "ucs-2": {
        let text = "";
        for (let i = 0; i + 1 < part.length; i += 2) {
          text += String.fromCharCode((part[i] as number) | ((part[i + 1] as number) << 8));
        }
        return text;
      }
      default:
        throw new TypeError(`Unknown encoding: ${encoding}`);
    }
  };

  const raw = (source: Uint8Array) =>
    new Buffer(source.buffer as ArrayBuffer, source.byteOffset, source.length);

  class Buffer extends Uint8Array {
    static override from(value: unknown, second?: unknown, third?: unknown): Buffer {
      if (typeof value === "string") return raw(decode(value, second as string));
      if (value instanceof ArrayBuffer) {
        return new Buffer(value, second as number | undefined, third as number | undefined);
      }
      const source = value as { type?: string; data?: number[] };
      if (source?.type === "Buffer" && Array.isArray(source.data))
        return raw(Uint8Array.from(source.data));
      if (value !== null && typeof value === "object")
        return raw(Uint8Array.from(value as ArrayLike<number>));
      throw new TypeError("Buffer.from takes a string, an array, an ArrayBuffer or a Buffer");
    }
    static alloc(size: number, fill?: unknown, encoding?: string): Buffer {
      const buffer = new Buffer(size);
      return fill === undefined
        ? buffer
        : (buffer.fill(fill as number, 0, size, encoding) as Buffer);
    }
    static allocUnsafe(size: number): Buffer {
      return new Buffer(size);
    }
    static isBuffer(value: unknown): boolean {
      return value instanceof Buffer;
    }
    static isEncoding(name: string): boolean {
      return /^(utf-?8|base64(url)?|hex|ascii|latin1|binary|utf-?16le|ucs-?2)$/i.test(String(name));
    }
    static byteLength(value: unknown, encoding?: string): number {
      return typeof value === "string" ? decode(value, encoding).length : bytes.of(value).length;
    }
    static concat(list: Uint8Array[], total?: number): Buffer {
      const size = total ?? list.reduce((sum, part) => sum + part.length, 0);
      const out = Buffer.alloc(size);
      let at = 0;
      for (const part of list) {
        if (at >= size) break;
        out.set(part.length > size - at ? part.subarray(0, size - at) : part, at);
        at += part.length;
      }
      return out;
    }
    static compare(a: Uint8Array, b: Uint8Array): number {
      for (let i = 0; i < Math.min(a.length, b.length); i++) {
        if (a[i] !== b[i]) return (a[i] as number) < (b[i] as number) ? -1 : 1;
      }
      return Math.sign(a.length - b.length);
    }
    override toString(encoding?: string, start = 0, end = this.length): string {
      return encode(
        new Uint8Array(this.buffer, this.byteOffset, this.length).subarray(start, end),
        encoding,
      );
    }
    toJSON() {
      return { type: "Buffer", data: Array.from(this) };
    }
    equals(other: Uint8Array): boolean {
      return Buffer.compare(this, other) === 0;
    }
    compare(other: Uint8Array): number {
      return Buffer.compare(this, other);
    }
    override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
      return this.subarray(start, end) as Uint8Array<ArrayBuffer>;
    }
    override fill(value: unknown, start = 0, end = this.length, encoding?: string): this {
      if (typeof value === "number") return super.fill(value, start, end);
      const pattern = typeof value === "string" ? decode(value, encoding) : bytes.of(value);
      for (let i = start; i < end; i++)
        this[i] = pattern.length ? (pattern[(i - start) % pattern.length] as number) : 0;
      return this;
    }
    write(text: string, offset = 0, length = this.length - offset, encoding = "utf8"): number {
      const part = decode(text, encoding).subarray(0, Math.min(length, this.length - offset));
      this.set(part, offset);
      return part.length;
    }
    copy(target: Uint8Array, at = 0, start = 0, end = this.length): number {
      const part = this.subarray(start, Math.min(end, start + target.length - at));
      target.set(part, at);
      return part.length;
    }
  }

  const views = [
    "Uint8",
    "Int8",
    "Uint16",
    "Int16",
    "Uint32",
    "Int32",
    "Float32",
    "Float64",
    "BigUint64",
    "BigInt64",
  ];
  for (const type of views) {
    const wide = !type.endsWith("t8");
    const name = type
      .replace("Float32", "Float")
      .replace("Float64", "Double")
      .replace("Uint", "UInt");
    for (const order of wide ? ["LE", "BE"] : [""]) {
      const size = Number(/\d+/.exec(type)?.[0]) / 8;
      const read = `get${type}` as "getUint16";
      const write = `set${type}` as "setUint16";
      Object.defineProperty(Buffer.prototype, `read${name}${order}`, {
        value(this: Buffer, offset = 0) {
          return new DataView(this.buffer, this.byteOffset, this.length)[read](
            offset,
            order === "LE",
          );
        },
      });
      Object.defineProperty(Buffer.prototype, `write${name}${order}`, {
        value(this: Buffer, number: number, offset = 0) {
          new DataView(this.buffer, this.byteOffset, this.length)[write](
            offset,
            number,
            order === "LE",
          );
          return offset + size;
        },
      });
    }
  }

  Object.assign(globalThis, { Buffer });
  realm.modules.buffer = { Buffer, atob: globalThis.atob, btoa: globalThis.btoa };
}
