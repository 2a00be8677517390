import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { AppError } from "../error.ts";
import type { CredentialKey } from "./credential-key.ts";

const format = 1;
const keyIdBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;
const nonceAt = 1 + keyIdBytes;
const tagAt = nonceAt + nonceBytes;
const textAt = tagAt + tagBytes;

/**
 * AES-256-GCM; format (1 byte), key id (4), nonce (12), tag (16), then the text. `about` says what the text
 * belongs to, e.g. `credential:<id>`: it opens only under the same words, so blobs cannot be swapped.
 */
export function seal(key: CredentialKey, text: string | Uint8Array, about: string): Buffer {
  const head = Buffer.concat([Buffer.of(format), key.id]);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key.secret, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.concat([head, Buffer.from(about)]));
  const sealed = [cipher.update(text), cipher.final()];
  return Buffer.concat([head, nonce, cipher.getAuthTag(), ...sealed]);
}

export function unseal(key: CredentialKey, sealed: Uint8Array, about: string): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const head = bytes.subarray(0, nonceAt);
  if (bytes.length < textAt || head[0] !== format) throw broken(about, "is damaged");
  if (!head.subarray(1).equals(key.id)) throw broken(about, "was sealed with another key");
  const nonce = bytes.subarray(nonceAt, tagAt);
  const cipher = createDecipheriv("aes-256-gcm", key.secret, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.concat([head, Buffer.from(about)]));
  cipher.setAuthTag(bytes.subarray(tagAt, textAt));
  try {
    return Buffer.concat([cipher.update(bytes.subarray(textAt)), cipher.final()]);
  } catch {
    throw broken(about, "is damaged");
  }
}

const broken = (about: string, why: string) => new AppError("failed", `Sealed ${about} ${why}`);
