import type { Realm } from "./realm.ts";

/** `crypto` and `zlib`, done by the host on copies of the bytes. */
export function installCrypto(realm: Realm): void {
  const { bytes } = realm;
  type Encoding = string | undefined;
  const toBuffer = (base64: unknown) => globalThis.Buffer.from(String(base64), "base64");
  const input = (value: unknown, encoding?: Encoding): Uint8Array =>
    typeof value === "string" ? globalThis.Buffer.from(value, encoding as "utf8") : bytes.of(value);

  const digester = (operation: "hash" | "hmac", algorithm: unknown, key: string | null) => {
    let parts: Uint8Array[] = [];
    let done = false;
    const self = {
      update(value: unknown, encoding?: Encoding) {
        if (done) throw new Error("Digest already called");
        parts.push(new Uint8Array(input(value, encoding)));
        return self;
      },
      digest(encoding?: Encoding) {
        if (done) throw new Error("Digest already called");
        done = true;
        const data = bytes.toBase64(globalThis.Buffer.concat(parts));
        parts = [];
        const digest = toBuffer(realm.ask(operation, String(algorithm), data, key));
        return encoding && encoding !== "buffer" ? digest.toString(encoding as "hex") : digest;
      },
    };
    realm.ask(operation, String(algorithm), "", key); // an unknown algorithm fails here, as it does in Node
    return self;
  };

  const randomBytes = (size: number) => toBuffer(realm.ask("randomBytes", Number(size)));
  const randomUUID = () => realm.ask("randomUUID") as string;
  const getRandomValues = (view: ArrayBufferView) => {
    bytes.of(view).set(randomBytes(view.byteLength));
    return view;
  };
  const crypto = {
    ...realm.missing(
      "crypto",
      "createCipheriv createDecipheriv createSign createVerify sign verify generateKeyPair generateKeyPairSync createPrivateKey createPublicKey publicEncrypt privateDecrypt scrypt createECDH createDiffieHellman".split(
        " ",
      ),
    ),
    createHash: (algorithm: unknown) => digester("hash", algorithm, null),
    createHmac: (algorithm: unknown, key: unknown) =>
      digester("hmac", algorithm, bytes.toBase64(bytes.of(key))),
    hash: (algorithm: unknown, value: unknown, encoding = "hex") =>
      digester("hash", algorithm, null).update(value).digest(encoding),
    getHashes: () => realm.ask("hashes") as string[],
    randomBytes,
    randomUUID,
    getRandomValues,
    randomInt: (low: number, high?: number) =>
      realm.ask("randomInt", high === undefined ? 0 : Number(low), Number(high ?? low)) as number,
    pbkdf2Sync: (
      password: unknown,
      salt: unknown,
      iterations: number,
      length: number,
      digest: string,
    ) =>
      toBuffer(
        realm.ask(
          "pbkdf2",
          bytes.toBase64(bytes.of(password)),
          bytes.toBase64(bytes.of(salt)),
          iterations,
          length,
          digest,
        ),
      ),
    timingSafeEqual: (a: Uint8Array, b: Uint8Array) => {
      if (a.byteLength !== b.byteLength)
        throw new RangeError("Input buffers must have the same byte length");
      const [left, right] = [bytes.of(a), bytes.of(b)];
      let difference = 0;
      for (let i = 0; i < left.length; i++)
        difference |= (left[i] as number) ^ (right[i] as number);
      return difference === 0;
    },
  };
  realm.modules.crypto = crypto;
  Object.assign(globalThis, { crypto: { randomUUID, getRandomValues } });

  const zlib: Record<string, unknown> = realm.missing(
    "zlib",
    "createGzip createGunzip createDeflate createInflate createBrotliCompress createBrotliDecompress".split(
      " ",
    ),
  );
  const functions =
    "gzip gunzip deflate inflate deflateRaw inflateRaw unzip brotliCompress brotliDecompress";
  for (const name of functions.split(" ")) {
    const run = (value: unknown) =>
      toBuffer(realm.ask("zlib", name, bytes.toBase64(bytes.of(value))));
    zlib[`${name}Sync`] = run;
    zlib[name] = (value: unknown, ...rest: unknown[]) => {
      const callback = rest.at(-1) as (error: unknown, result?: unknown) => void;
      if (typeof callback !== "function") throw new TypeError(`zlib.${name} takes a callback`);
      globalThis.setTimeout(() => {
        let result: unknown;
        try {
          result = run(value);
        } catch (error) {
          return callback(error);
        }
        callback(null, result);
      }, 0);
    };
  }
  realm.modules.zlib = zlib;
}
