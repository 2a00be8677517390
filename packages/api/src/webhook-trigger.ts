import { createHmac, timingSafeEqual } from "node:crypto";
import { AppError } from "@sluice/core/error";
import { flag, rows, text } from "@sluice/engine/input";
import type { WebhookPayload } from "@sluice/engine/webhook-input";
import { z } from "zod";

const Parameter = z.object({ name: text, type: text, required: flag });

/** The webhook settings of a Start node. */
export const WebhookTrigger = z.object({
  webhookMethod: text,
  webhookContentType: text,
  webhookInputMode: text,
  webhookDefaultInput: text,
  webhookEnableAuth: flag,
  webhookSecret: text,
  webhookSignatureHeader: text,
  webhookSignatureType: text,
  webhookResponseMode: text,
  callbackUrl: text,
  callbackSecret: text,
  webhookEnableValidation: flag,
  webhookQueryParams: rows(Parameter),
  webhookBodyParams: rows(Parameter),
  webhookHeaderParams: rows(Parameter),
});
export type WebhookTrigger = z.infer<typeof WebhookTrigger>;

const sensitive = /^(authorization|cookie|proxy-authorization|x-api-key|x-auth-token)$/i;

/** Headers as a flow may see them: what opens doors is hidden. */
export function shownHeaders(headers: Headers, signatureHeader: string): Record<string, string> {
  const hidden = (name: string) => sensitive.test(name) || name === signatureHeader.toLowerCase();
  return Object.fromEntries(
    [...headers.entries()].map(([name, value]) => [name, hidden(name) ? "[REDACTED]" : value]),
  );
}

export const signatureHeaderOf = (trigger: WebhookTrigger): string =>
  trigger.webhookSignatureHeader || "x-webhook-signature";

/** Throws `unauthorized` unless the raw body is signed, or the plain token sent, as the flow asks. */
export function checkSignature(
  trigger: WebhookTrigger,
  rawBody: string,
  sent: string | undefined,
): void {
  if (!trigger.webhookEnableAuth) return;
  const refused = new AppError("unauthorized", "Invalid webhook signature");
  if (!trigger.webhookSecret || !sent) throw refused;
  if (trigger.webhookSignatureType === "plain-token") {
    if (!same(sent.replace(/^Bearer /, ""), trigger.webhookSecret)) throw refused;
    return;
  }
  const [, algorithm = "sha256", signature = ""] = /^(?:(sha256|sha1)=)?(.*)$/.exec(sent) ?? [];
  const expected = createHmac(algorithm, trigger.webhookSecret).update(rawBody).digest("hex");
  if (!same(signature.toLowerCase(), expected)) throw refused;
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Throws `invalid` naming the parameter that is missing or of another type. */
export function checkParameters(trigger: WebhookTrigger, payload: WebhookPayload): void {
  if (!trigger.webhookEnableValidation) return;
  const headers = Object.fromEntries(
    Object.entries(payload.headers).map(([k, v]) => [k.toLowerCase(), v]),
  );
  for (const { name, required } of trigger.webhookHeaderParams)
    if (required && headers[name.toLowerCase()] === undefined) throw missing("header", name);
  for (const { name, required } of trigger.webhookQueryParams)
    if (required && payload.query[name] === undefined) throw missing("query parameter", name);
  for (const { name, type, required } of trigger.webhookBodyParams) {
    const value = payload.body[name];
    if (value === undefined || value === null) {
      if (required) throw missing("body parameter", name);
    } else if (type && !isOfType(value, type))
      throw new AppError("invalid", `Invalid type for body parameter ${name}: expected ${type}`);
  }
}

const missing = (kind: string, name: string) =>
  new AppError("invalid", `Missing required ${kind}: ${name}`);

function isOfType(value: unknown, type: string): boolean {
  const list = /^array\[(\w+)\]$/.exec(type);
  if (list) return Array.isArray(value) && value.every((item) => isOfType(item, list[1] ?? ""));
  if (type === "object") return typeof value === "object" && !Array.isArray(value);
  return typeof value === type;
}
