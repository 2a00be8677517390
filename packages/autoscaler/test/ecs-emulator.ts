import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type EmulatedTask, type Revision, startTask } from "./emulated-task.ts";

export interface EmulatorOptions {
  revision: Revision;
  desired: number;
  /** From the decision to start a task until its process starts: image, network. */
  startDelayMs: number;
  /** From SIGTERM to SIGKILL. */
  stopTimeoutMs: number;
  /** Failed tasks of a new revision after which the old one stays. */
  breaksAfter?: number;
}

const tickMs = 100;

/**
 * One ECS service on this machine: the API's own JSON protocol for what the autoscaler calls, tasks that are processes, the agent's
 * protection endpoint, rolling deployments with their circuit breaker.
 */
export async function openEcsEmulator(options: EmulatorOptions) {
  const { startDelayMs, stopTimeoutMs, breaksAfter = 3 } = options;
  const tasks = new Set<EmulatedTask>();
  const calls: { action: string; atMs: number }[] = [];
  let current = options.revision;
  let incoming: Revision | undefined;
  let failures = 0;
  let rolledBack = false;
  let desired = options.desired;
  let throttled = 0;
  let closing = false;
  let started = 0;

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) =>
      reply(response, 500, { message: error.message }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const numbers = new Map<Revision, number>([[current, 1]]);
  const definition = (revision: Revision) =>
    `arn:aws:ecs:eu-central-1:111122223333:task-definition/workers:${numbers.get(revision)}`;
  const live = (revision?: Revision) =>
    [...tasks].filter((task) => !task.stopping && (!revision || task.revision === revision));

  function start(revision: Revision): void {
    started++;
    const task = startTask({
      revision,
      id: `task-${started}`,
      agentUrl: `${url}/agent/task-${started}`,
      startDelayMs,
      stopTimeoutMs,
    });
    tasks.add(task);
    void task.ended.then(() => {
      tasks.delete(task);
      if (!task.stopping && revision === incoming) failures++;
    });
  }

  function stopSurplus(running: EmulatedTask[], keep: number): void {
    // ECS picks among those that are not protected; the young ones go first here.
    const free = running.filter((task) => !task.protectedNow());
    for (const task of free.reverse().slice(0, Math.max(0, running.length - keep))) task.stop();
  }

  function reconcile(): void {
    if (closing) return;
    if (incoming && failures >= breaksAfter) {
      for (const task of live(incoming)) task.stop();
      incoming = undefined;
      rolledBack = true;
    }
    const target = incoming ?? current;
    const running = live(target);
    for (let count = running.length; count < desired; count++) start(target);
    stopSurplus(running, desired);
    if (!incoming) {
      stopSurplus(
        live().filter((task) => task.revision !== current),
        0,
      );
      return;
    }
    // Minimum healthy 100 %: an old task leaves for each new one that is healthy.
    const healthy = running.filter((task) => task.healthy()).length;
    const old = live().filter((task) => task.revision !== incoming);
    stopSurplus(old, Math.max(0, desired - healthy));
    if (healthy >= desired && live().every((task) => task.revision === incoming)) {
      current = incoming;
      incoming = undefined;
    }
  }
  const timer = setInterval(reconcile, tickMs);

  function describe() {
    const count = (revision: Revision) => ({
      taskDefinition: definition(revision),
      runningCount: live(revision).filter((task) => task.healthy()).length,
    });
    return {
      serviceName: "workers",
      status: "ACTIVE",
      desiredCount: desired,
      runningCount: live().filter((task) => task.healthy()).length,
      pendingCount: live().filter((task) => !task.healthy()).length,
      deployments: [
        {
          status: "PRIMARY",
          rolloutState: incoming ? "IN_PROGRESS" : "COMPLETED",
          ...count(incoming ?? current),
        },
        ...(incoming ? [{ status: "ACTIVE", rolloutState: "COMPLETED", ...count(current) }] : []),
      ],
    };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse((await text(request)) || "{}");
    const agent = /^\/agent\/([^/]+)\/task-protection\/v1\/state$/.exec(request.url ?? "");
    if (agent) {
      const task = [...tasks].find((each) => each.id === agent[1]);
      if (!task) return reply(response, 404, { error: { Code: "ResourceNotFoundException" } });
      if (request.method === "PUT")
        task.protect(body.ProtectionEnabled === true, body.ExpiresInMinutes ?? 120);
      return reply(response, 200, {
        protection: { ProtectionEnabled: task.protectedNow(), TaskArn: task.id },
      });
    }
    const metadata = /^\/agent\/([^/]+)\/task$/.exec(request.url ?? "");
    if (metadata) {
      const task = [...tasks].find((each) => each.id === metadata[1]);
      return reply(response, 200, { Revision: String(task && numbers.get(task.revision)) });
    }
    const action =
      String(request.headers["x-amz-target"] ?? "")
        .split(".")
        .pop() ?? "";
    calls.push({ action, atMs: Date.now() });
    if (throttled > 0) {
      throttled--;
      return reply(response, 400, { __type: "ThrottlingException", message: "Rate exceeded" });
    }
    if (action === "UpdateService") desired = body.desiredCount;
    else if (action !== "DescribeServices")
      return reply(response, 400, { __type: "InvalidAction" });
    const known = (body.service ?? body.services?.[0]) === "workers";
    if (action === "DescribeServices")
      return reply(
        response,
        200,
        known
          ? { services: [describe()], failures: [] }
          : { services: [], failures: [{ reason: "MISSING" }] },
      );
    reply(response, 200, { service: describe() });
  }

  return {
    url,
    calls,
    desired: () => desired,
    live: () => live(),
    rolledBack: () => rolledBack,
    deploying: () => incoming !== undefined,
    throttle: (count: number) => {
      throttled = count;
    },
    /** Somebody changes the count by hand. */
    setDesired: (count: number) => {
      desired = count;
    },
    deploy(revision: Revision): void {
      numbers.set(revision, numbers.size + 1);
      incoming = revision;
      failures = 0;
      rolledBack = false;
    },
    async close(): Promise<void> {
      closing = true;
      clearInterval(timer);
      for (const task of tasks) task.kill();
      await Promise.all([...tasks].map((task) => task.ended));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function reply(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { "content-type": "application/x-amz-json-1.1" })
    .end(JSON.stringify(body));
}
