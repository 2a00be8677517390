import { expect, test } from "vitest";
import { clientIp, networkOf } from "./client-ip.ts";

const socket = "10.0.0.1";
test.each([
  ["nobody is trusted", 0, "1.1.1.1, 2.2.2.2", socket],
  ["nobody is trusted, nothing was forwarded", 0, undefined, socket],
  ["one proxy added one address", 1, "1.1.1.1", "1.1.1.1"],
  ["a caller wrote an address of its own", 1, "6.6.6.6, 1.1.1.1", "1.1.1.1"],
  ["a caller wrote many", 2, "6.6.6.6, 7.7.7.7, 1.1.1.1, 9.9.9.9", "1.1.1.1"],
  ["two proxies, one address", 2, "1.1.1.1", "1.1.1.1"],
  ["a proxy that forwards nothing", 1, undefined, socket],
  ["a proxy that forwards emptiness", 1, " , ", socket],
  ["spaces around", 1, " 6.6.6.6 ,  1.1.1.1 ", "1.1.1.1"],
  ["IPv6", 1, "2001:db8::1", "2001:db8::1"],
])("%s: %d hops of %j is %s", (_, hops, forwarded, expected) => {
  expect(clientIp(socket, forwarded, hops)).toBe(expected);
});

test("a mapped IPv4 address is the same address", () => {
  expect(clientIp("::ffff:10.0.0.1", undefined, 0)).toBe("10.0.0.1");
  expect(clientIp(undefined, undefined, 0)).toBe("unknown");
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8::5", "2001:db8:0:0::/64"],
  ["2001:0DB8:1::2:3:4:5", "2001:db8:1:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["unknown", "unknown"],
])("%s is counted as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
