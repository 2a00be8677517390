import type { Log } from "@sluice/core/log";

export interface TaskProtectionOptions {
  /** `$ECS_AGENT_URI`. */
  agentUri: string;
  /** Predictions in hand. */
  running(): number;
  /** Longer than any prediction: a worker that died busy is not protected for ever. */
  minutes: number;
  log: Log;
  everyMs?: number;
  /** How long nothing may be in hand before the protection goes: the agent's calls are limited. */
  idleMs?: number;
}

/** Keeps ECS from stopping this task while it has predictions in hand, be it to scale in or to deploy. */
export function openTaskProtection(options: TaskProtectionOptions) {
  const { agentUri, running, minutes, log, everyMs = 250, idleMs = 5000 } = options;
  const renewMs = (minutes * 60_000) / 2;
  let on = false;
  let setAt = 0;
  let busyAt = 0;
  let changing: Promise<void> = Promise.resolve();
  let failedAt = 0;
  let closed = false;

  async function set(enabled: boolean): Promise<void> {
    try {
      const response = await fetch(`${agentUri}/task-protection/v1/state`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          ProtectionEnabled: enabled,
          ...(enabled && { ExpiresInMinutes: minutes }),
        }),
        signal: AbortSignal.timeout(3000),
      });
      if (!response.ok) throw new Error(`the agent answered ${response.status}`);
      await response.body?.cancel();
      on = enabled;
      setAt = Date.now();
    } catch (error) {
      failedAt = Date.now();
      log.warn({ reason: (error as Error).message, enabled }, "Task protection could not be set");
    }
  }

  async function look(): Promise<void> {
    const now = Date.now();
    if (closed || now - failedAt < 2000) return;
    if (running() > 0) {
      busyAt = now;
      if (!on || now - setAt > renewMs) await set(true);
    } else if (on && now - busyAt > idleMs) await set(false);
  }

  const timer = setInterval(() => {
    changing = changing.then(look);
  }, everyMs);
  timer.unref();
  return {
    /** Lets the task go at once. */
    async close(): Promise<void> {
      closed = true;
      clearInterval(timer);
      await changing;
      if (on) await set(false);
    },
  };
}
