import { redisKeys } from "../../prediction/redis-keys.ts";
import { openConnections } from "../../redis/open-connections.ts";
import { redisSettings } from "../../redis/redis-settings.ts";
import { CommonSettings } from "../../settings.ts";
import { openRedisLeases } from "../redis-leases.ts";

// A process that holds the only place of a flow until it is killed.
const [, , url, name = ""] = process.argv;
const settings = redisSettings(CommonSettings.parse({ REDIS_URL: url }));
const { command: redis } = openConnections(settings, { warn: () => {} });
const leases = await openRedisLeases({ redis }, redisKeys(name), 400);
const job = {
  id: "a",
  segment: 0,
  acceptedAt: 1,
  places: { caps: [{ name: "flow:f", max: 1 }] },
};
setInterval(() => void leases.renew([{ job, as: "hold" }]), 100);
setTimeout(() => process.exit(1), 20_000);
await leases.renew([{ job, as: "hold" }]);
process.send?.("held");
