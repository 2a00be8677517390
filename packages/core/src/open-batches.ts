export interface Waiting<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Gathers what comes in one turn, and while an earlier batch is under way, so that it goes as one call. `handle`
 * settles each item of a batch, at most `maxBatch`, and does not reject.
 */
export function openBatches<Item, Result>(
  maxBatch: number,
  handle: (batch: Waiting<Item, Result>[]) => Promise<void>,
) {
  const waiting: Waiting<Item, Result>[] = [];
  let busy: Promise<void> | undefined;

  async function work(): Promise<void> {
    while (waiting.length > 0) await handle(waiting.splice(0, maxBatch));
  }

  function begin(): void {
    busy ??= new Promise<void>((turn) => setImmediate(turn)).then(work).finally(() => {
      busy = undefined;
      // Somebody may have come between the last look and this moment.
      if (waiting.length > 0) begin();
    });
  }

  return {
    add(item: Item): Promise<Result> {
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        begin();
      });
    },
    /** Resolves when nothing is left to do. */
    async idle(): Promise<void> {
      while (busy) await busy;
    },
  };
}
