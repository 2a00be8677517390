import { BlockList, isIP, isIPv4 } from "node:net";

export interface AddressPolicySetting {
  /** False lifts the built-in ranges; the deny list stays. */
  securityCheck: boolean;
  /** IP addresses, CIDR ranges or host names (`*.example.com` for all below it). Always wins. */
  denyList: string[];
  /** The same forms; opens what is denied by default. */
  allowList: string[];
}

export interface AddressPolicy {
  deniesHost(host: string): boolean;
  /** Whether a host may not be reached at this address. */
  deniesAddress(host: string, address: string): boolean;
}

// Everything that is not a public unicast address, after RFC 6890 and its successors.
const reserved = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"],
  ...["192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  ...["198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16"],
  ...["::/96", "100::/64", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
  ...["localhost", "*.localhost"],
];

interface Rules {
  addresses: BlockList;
  hosts: Set<string>;
  suffixes: string[];
}

export function addressPolicy(setting: AddressPolicySetting): AddressPolicy {
  const defaults = parseRules(setting.securityCheck ? reserved : []);
  const deny = parseRules(setting.denyList);
  const allow = parseRules(setting.allowList);
  return {
    deniesHost(host) {
      const name = bareHost(host);
      if (matchesHost(deny, name)) return true;
      if (isIP(name)) return this.deniesAddress(name, name);
      return matchesHost(defaults, name) && !matchesHost(allow, name);
    },
    deniesAddress(host, address) {
      if (matchesAddress(deny, address)) return true;
      if (!matchesAddress(defaults, address)) return false;
      return !matchesHost(allow, bareHost(host)) && !matchesAddress(allow, address);
    },
  };
}

/** Lower case, without brackets, zone and trailing dot. */
export const bareHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "")
    .replace(/\.$/, "");

function parseRules(entries: string[]): Rules {
  const rules: Rules = { addresses: new BlockList(), hosts: new Set(), suffixes: [] };
  for (const entry of entries.map((text) => bareHost(text.trim())).filter(Boolean)) {
    const [address = "", prefix] = entry.split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (!isIP(address)) {
      if (entry.startsWith("*.")) rules.suffixes.push(entry.slice(1));
      else rules.hosts.add(entry);
    } else if (prefix === undefined) rules.addresses.addAddress(address, family);
    else rules.addresses.addSubnet(address, Number(prefix), family);
  }
  return rules;
}

const matchesHost = (rules: Rules, name: string): boolean =>
  rules.hosts.has(name) || rules.suffixes.some((suffix) => name.endsWith(suffix));

function matchesAddress(rules: Rules, address: string): boolean {
  const plain = bareHost(address);
  if (isIPv4(plain)) return rules.addresses.check(plain, "ipv4");
  const inner = embeddedIPv4(plain);
  return (
    rules.addresses.check(plain, "ipv6") ||
    (inner !== undefined && rules.addresses.check(inner, "ipv4"))
  );
}

/** The IPv4 address inside a mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96) or 6to4 (2002::/16) one. */
function embeddedIPv4(address: string): string | undefined {
  const words = expand(address);
  const head = words
    .slice(0, 6)
    .map((word) => word.toString(16))
    .join(":");
  if (head === "0:0:0:0:0:ffff" || head === "64:ff9b:0:0:0:0") return dotted(words[6]!, words[7]!);
  if (words[0] === 0x2002) return dotted(words[1]!, words[2]!);
  return undefined;
}

const dotted = (high: number, low: number): string =>
  [high >> 8, high & 255, low >> 8, low & 255].join(".");

function expand(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((n) => n.toString(16)).join(":"),
  );
  const [left = "", right] = hex.split("::");
  const words = (text: string) =>
    text ? text.split(":").map((word) => Number.parseInt(word, 16)) : [];
  const start = words(left);
  const end = right === undefined ? [] : words(right);
  return [...start, ...new Array(Math.max(0, 8 - start.length - end.length)).fill(0), ...end];
}
