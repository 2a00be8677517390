import { createHmac, hkdfSync } from "node:crypto";
import type { CredentialKey } from "../credential/credential-key.ts";

/** The secret that this installation signs its webhooks with; follows from the credential key, so it is kept nowhere. */
export const webhookSecret = (key: CredentialKey): Buffer =>
  Buffer.from(hkdfSync("sha256", key.secret, "", "sluice webhook signature 1", 32));

/** The secret as libraries for Standard Webhooks take it. */
export const secretText = (secret: Buffer): string => `whsec_${secret.toString("base64")}`;

/** The headers of Standard Webhooks. `timestamp` is in seconds since the epoch. */
export function signedHeaders(secret: Buffer, id: string, timestamp: number, body: string) {
  const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,${signature.digest("base64")}`,
  };
}
