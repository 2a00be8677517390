import * as crypto from "node:crypto";
import { posix } from "node:path";
import * as querystring from "node:querystring";
import * as legacyUrl from "node:url";
import * as zlib from "node:zlib";
import { maxValueLength } from "../protocol.ts";

type Call = (...args: never[]) => unknown;

const bytes = (base64: string) => Buffer.from(base64, "base64");

function pick<T extends object>(module: T, names: string): Record<string, Call> {
  return Object.fromEntries(
    names.split(" ").map((name) => [name, module[name as keyof T] as Call]),
  );
}

const pathCalls = {
  ...pick(posix, "basename dirname extname format isAbsolute join normalize parse"),
  // The folder of this process is nobody's business: code lives in "/".
  resolve: (...parts: string[]) => posix.resolve("/", ...parts),
  relative: (from: string, to: string) =>
    posix.relative(posix.resolve("/", from), posix.resolve("/", to)),
};
const queryCalls = pick(querystring, "parse stringify escape unescape");
const urlCalls = pick(legacyUrl, "parse format resolve");
const zlibNames =
  "gzip gunzip deflate inflate deflateRaw inflateRaw unzip brotliCompress brotliDecompress";
const zlibCalls = pick(
  zlib,
  zlibNames
    .split(" ")
    .map((name) => `${name}Sync`)
    .join(" "),
) as Record<string, (data: Buffer, options: zlib.ZlibOptions) => Buffer>;

function own<T>(calls: Record<string, T>, name: string): T {
  const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
  if (!call) throw new TypeError(`${name} is not a function`);
  return call;
}

function parts(url: URL) {
  const {
    href,
    origin,
    protocol,
    username,
    password,
    host,
    hostname,
    port,
    pathname,
    search,
    hash,
  } = url;
  return {
    href,
    origin,
    protocol,
    username,
    password,
    host,
    hostname,
    port,
    pathname,
    search,
    hash,
  };
}

const urlFields = [
  "href",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;

const calls: Record<string, (...args: never[]) => unknown> = {
  "url.parse": (href: string, base: string | null) => parts(new URL(href, base ?? undefined)),
  "url.set": (href: string, name: (typeof urlFields)[number], value: string) => {
    if (!urlFields.includes(name)) throw new TypeError(`${name} cannot be set`);
    const url = new URL(href);
    url[name] = value;
    return parts(url);
  },
  url: (name: string, args: never[]) => own(urlCalls, name)(...args),
  querystring: (name: string, args: never[]) => own(queryCalls, name)(...args),
  path: (name: string, args: never[]) => own(pathCalls as Record<string, Call>, name)(...args),
  hash: (algorithm: string, data: string) =>
    crypto.createHash(algorithm).update(bytes(data)).digest("base64"),
  hmac: (algorithm: string, data: string, key: string) =>
    crypto.createHmac(algorithm, bytes(key)).update(bytes(data)).digest("base64"),
  hashes: () => crypto.getHashes(),
  randomBytes: (size: number) => {
    if (!(size >= 0 && size <= 1_000_000))
      throw new RangeError("At most 1000000 random bytes at once");
    return crypto.randomBytes(size).toString("base64");
  },
  randomUUID: () => crypto.randomUUID(),
  randomInt: (low: number, high: number) => crypto.randomInt(low, high),
  pbkdf2: (password: string, salt: string, iterations: number, length: number, digest: string) => {
    // Runs on the one thread that serves every run of this process.
    if (!(iterations <= 200_000 && length <= 1_024))
      throw new RangeError("pbkdf2 is limited to 200000 rounds and 1024 bytes");
    return crypto
      .pbkdf2Sync(bytes(password), bytes(salt), iterations, length, digest)
      .toString("base64");
  },
  zlib: (name: string, data: string) =>
    own(zlibCalls, `${name}Sync`)(bytes(data), { maxOutputLength: maxValueLength }).toString(
      "base64",
    ),
};

/** Answers a synchronous question of an isolate with `v` + JSON or `e` + a message; never throws. */
export function answerHostCall(text: string): string {
  try {
    if (text.length > 2 * maxValueLength) throw new RangeError("Too much data for one call");
    const [operation, ...args] = JSON.parse(text) as [string, ...never[]];
    const value = own(calls, operation)(...args);
    return value === undefined ? "v" : `v${JSON.stringify(value)}`;
  } catch (error) {
    return `e${error instanceof Error ? error.message : "failed"}`;
  }
}
