import { isIPv6 } from "node:net";
import type { Context } from "hono";

/** The address of whoever made a request. */
export const callerIp = (c: Context, trustedProxies: number): string =>
  clientIp(socketAddress(c), c.req.header("x-forwarded-for"), trustedProxies);

function socketAddress(c: Context): string | undefined {
  return (c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming
    ?.socket?.remoteAddress;
}

/**
 * The address that limits count: `hops` proxies from the right of `X-Forwarded-For`, the socket's own with none.
 * What stands further left was written by the caller.
 */
export function clientIp(
  socketAddress: string | undefined,
  forwarded: string | undefined,
  hops: number,
): string {
  const socket = (socketAddress ?? "unknown").replace(/^::ffff:/, "");
  if (hops === 0) return socket;
  const chain = (forwarded ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean);
  return chain.at(-hops) ?? chain[0] ?? socket;
}

/** What one caller can be expected to have: an IPv4 address, or the 64 bits before the free half of an IPv6 one. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = [], tail] = address.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = tail ? 8 - head.length - tail.length : 0;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill("0"), ...(tail ?? [])];
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
