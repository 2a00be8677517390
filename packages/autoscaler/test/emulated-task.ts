import { spawn } from "node:child_process";

/** What a task runs: a Node program and its environment. */
export interface Revision {
  entry: string;
  env: NodeJS.ProcessEnv;
}

export interface EmulatedTask {
  readonly id: string;
  readonly revision: Revision;
  readonly stopping: boolean;
  readonly ended: Promise<void>;
  healthy(): boolean;
  protectedNow(): boolean;
  protect(on: boolean, minutes: number): void;
  stop(): void;
  kill(): void;
}

interface TaskOptions {
  revision: Revision;
  id: string;
  agentUrl: string;
  startDelayMs: number;
  stopTimeoutMs: number;
}

export function startTask({
  revision,
  id,
  agentUrl,
  startDelayMs,
  stopTimeoutMs,
}: TaskOptions): EmulatedTask {
  let healthy = false;
  let protectedUntil = 0;
  let stopping = false;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let child: ReturnType<typeof spawn> | undefined;
  const starting = setTimeout(() => {
    child = spawn(process.execPath, [revision.entry], {
      env: {
        PATH: process.env.PATH,
        ECS_AGENT_URI: agentUrl,
        ECS_CONTAINER_METADATA_URI_V4: agentUrl,
        ...revision.env,
      },
      stdio: ["ignore", "ignore", process.env.SHOW_TASKS ? "inherit" : "ignore", "ipc"],
    });
    child.on("message", (message) => {
      if ((message as { type?: string }).type === "ready") healthy = true;
    });
    child.once("exit", () => end());
  }, startDelayMs);
  return {
    id,
    revision,
    ended,
    get stopping() {
      return stopping;
    },
    healthy: () => healthy && !stopping,
    protectedNow: () => protectedUntil > Date.now(),
    protect(on, minutes) {
      protectedUntil = on ? Date.now() + minutes * 60_000 : 0;
    },
    stop() {
      if (stopping) return;
      stopping = true;
      clearTimeout(starting);
      if (!child) return end();
      child.kill("SIGTERM");
      const kill = setTimeout(() => child?.kill("SIGKILL"), stopTimeoutMs);
      void ended.then(() => clearTimeout(kill));
    },
    kill() {
      stopping = true;
      clearTimeout(starting);
      if (!child) return end();
      child.kill("SIGKILL");
    },
  };
}
