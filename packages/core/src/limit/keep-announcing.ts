import type { Change, Intake } from "./intake.ts";

const waitMs = 1000;
const retryMs = 1000;
/** More changes than this that nobody could be told of are one: a raised epoch empties the caches of all. */
const maxPending = 1000;

/**
 * Has changes announced that are stored already: what cannot be told now is told as soon as it can, and nobody who made a
 * change fails for it. The listeners of this process hear of it at once.
 */
export function keepAnnouncing(
  intake: Intake,
  log: { warn(fields: object, message: string): void },
): Intake & { close(): void } {
  const listeners: ((change: Change) => void)[] = [];
  const pending = new Map<string, Change>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function keep(change: Change): void {
    const { kind } = change;
    const one = pending.size < maxPending ? change : { kind, id: "" };
    pending.set(`${kind} ${one.id}`, one);
    if (!closed) timer ??= setTimeout(() => void tellAll(), retryMs).unref();
  }

  async function tellAll(): Promise<void> {
    const changes = [...pending.values()];
    pending.clear();
    const told = await Promise.allSettled(changes.map((change) => intake.announce(change)));
    timer = undefined;
    for (const [i, { status }] of told.entries()) if (status === "rejected") keep(changes[i]!);
  }

  async function tell(change: Change): Promise<void> {
    try {
      await intake.announce(change);
    } catch (error) {
      const reason = (error as Error).message;
      log.warn({ reason, ...change }, "A change could not be announced; trying again");
      keep(change);
    }
  }

  return {
    ...intake,
    async announce(change) {
      for (const listener of listeners) listener(change);
      let late: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        late = setTimeout(resolve, waitMs);
      });
      await Promise.race([tell(change), patience]).finally(() => clearTimeout(late));
    },
    onChange(listener) {
      listeners.push(listener);
      intake.onChange(listener);
    },
    close(): void {
      closed = true;
      clearTimeout(timer);
    },
  };
}
