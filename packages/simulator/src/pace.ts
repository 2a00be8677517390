/** Pieces to be sent at a pace: the first after `ttftMs`, one more every `gapMs`. */
export interface Sheet {
  count: number;
  ttftMs: number;
  gapMs: number;
  /** Pieces `from` to `to` (exclusive) are due. */
  play(from: number, to: number): void;
  end(): void;
}

export interface Pace {
  /** Starts to play; returns the way to stop early. */
  start(sheet: Sheet): () => void;
  /** How late the latest piece was, ever. */
  maxLateMs(): number;
  close(): void;
}

/** One timer for all sheets: thousands of streams cost no thousands of timers. */
export function openPace(tickMs: number): Pace {
  const playing = new Map<Sheet, { startedAt: number; played: number }>();
  let timer: NodeJS.Timeout | undefined;
  let maxLateMs = 0;

  function tick(): void {
    const now = performance.now();
    for (const [sheet, progress] of playing) {
      const since = now - progress.startedAt - sheet.ttftMs;
      if (since < 0) continue;
      const due =
        sheet.gapMs > 0 ? Math.min(sheet.count, 1 + Math.floor(since / sheet.gapMs)) : sheet.count;
      if (due > progress.played) {
        maxLateMs = Math.max(maxLateMs, since - progress.played * sheet.gapMs);
        sheet.play(progress.played, due);
        progress.played = due;
      }
      // Playing may have stopped it.
      if (due >= sheet.count && playing.delete(sheet)) sheet.end();
    }
    if (playing.size === 0) rest();
  }
  function rest(): void {
    clearInterval(timer);
    timer = undefined;
  }
  return {
    start(sheet) {
      playing.set(sheet, { startedAt: performance.now(), played: 0 });
      timer ??= setInterval(tick, tickMs);
      return () => {
        playing.delete(sheet);
      };
    },
    maxLateMs: () => maxLateMs,
    close: () => {
      playing.clear();
      rest();
    },
  };
}
