import { type LookupAddress, lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { type AddressPolicy, bareHost } from "./address-policy.ts";
import { denied } from "./fetch-error.ts";

export type Resolve = (host: string) => Promise<LookupAddress[]>;

/**
 * The lookup that sockets connect through: it resolves once, refuses a host with any denied address and hands the
 * socket the addresses it has checked, so nothing is resolved a second time between check and connect.
 */
export function checkedLookup(
  policy: AddressPolicy,
  options: { resolve?: Resolve; ttlMs: number; maxEntries: number },
): LookupFunction {
  const resolve = options.resolve ?? resolveBySystem;
  const cache = new Map<string, { expires: number; addresses: Promise<LookupAddress[]> }>();

  function find(host: string): Promise<LookupAddress[]> {
    const known = cache.get(host);
    if (known && known.expires > Date.now()) return known.addresses;
    const addresses = resolve(bareHost(host)).then((found) => {
      if (found.some(({ address }) => policy.deniesAddress(host, address))) throw denied(host);
      return found;
    });
    addresses.catch(() => cache.delete(host));
    cache.delete(host);
    cache.set(host, { expires: Date.now() + options.ttlMs, addresses });
    if (cache.size > options.maxEntries) cache.delete(cache.keys().next().value!);
    return addresses;
  }

  return (host, lookupOptions, done) => {
    find(host).then(
      (addresses) => {
        const family = lookupOptions.family === 6 || lookupOptions.family === "IPv6" ? 6 : 0;
        const usable = family ? addresses.filter((each) => each.family === family) : addresses;
        const first = usable[0];
        if (!first) done(Object.assign(new Error("no address"), { code: "ENOTFOUND" }), "");
        else if (lookupOptions.all) done(null, usable);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, ""),
    );
  };
}

const resolveBySystem: Resolve = (host) =>
  new Promise((resolve, reject) => {
    systemLookup(host, { all: true, verbatim: true }, (error, addresses) =>
      error ? reject(error) : resolve(addresses),
    );
  });
