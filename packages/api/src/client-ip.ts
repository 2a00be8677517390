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
