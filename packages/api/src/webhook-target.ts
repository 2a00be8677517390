import { AppError } from "@sluice/core/error";
import type { AddressPolicy } from "@sluice/engine/http/address-policy";

const maxUrlLength = 2000;

/**
 * The URL in its normal form. Refuses one whose host is plainly a private address; a name that resolves to one is
 * refused when the webhook is sent.
 */
export function webhookTarget(policy: AddressPolicy, text: string): string {
  const url = new URL(text);
  if (url.href.length > maxUrlLength)
    throw new AppError("invalid", `webhook.url: at most ${maxUrlLength} characters`);
  if (url.username || url.password)
    throw new AppError("invalid", "webhook.url: a user or password is not taken; check signatures");
  if (policy.deniesHost(url.hostname))
    throw new AppError(
      "invalid",
      `webhook.url: ${url.hostname} is an address that webhooks may not reach; an operator can allow it with HTTP_ALLOW_LIST`,
    );
  return url.href;
}
