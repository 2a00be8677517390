import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openEcsService } from "../src/ecs-service.ts";
import { openEcsEmulator } from "./ecs-emulator.ts";

const entry = new URL("idle-task.ts", import.meta.url).pathname;
type Emulator = Awaited<ReturnType<typeof openEcsEmulator>>;
let ecs: Emulator;

beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  ecs = await openEcsEmulator({
    revision: { entry, env: {} },
    desired: 1,
    startDelayMs: 0,
    stopTimeoutMs: 1000,
  });
});
afterEach(async () => {
  await ecs.close();
  vi.unstubAllEnvs();
});

const open = (service = "workers") =>
  openEcsService({ cluster: "fleet", service, region: "eu-central-1", endpoint: ecs.url });

test("the service's count is read and set, and tasks follow it", async () => {
  const service = open();
  await service.setDesired(2);
  await expect
    .poll(() => service.read(), { timeout: 5000 })
    .toEqual({
      desired: 2,
      running: 2,
      pending: 0,
      deploying: false,
      servingRevision: 1,
    });
  await service.setDesired(0);
  await expect.poll(async () => (await service.read()).running, { timeout: 5000 }).toBe(0);
});

test("a throttled call is tried again, and not for ever", async () => {
  ecs.throttle(2);
  expect((await open().read()).desired).toBe(1);
  ecs.throttle(10);
  await expect(open().read()).rejects.toThrow("Rate exceeded");
});

test("a service that does not exist is named", async () => {
  await expect(open("nobody").read()).rejects.toThrow(
    "The service nobody cannot be scaled: MISSING",
  );
});

test("a deployment under way is seen", async () => {
  ecs.deploy({ entry: new URL("absent.ts", import.meta.url).pathname, env: {} });
  expect((await open().read()).deploying).toBe(true);
});
