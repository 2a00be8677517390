import { monitorEventLoopDelay } from "node:perf_hooks";

interface CapacityOptions {
  initial: number;
  ceiling: number;
  running(): number;
  apply(capacity: number): void;
  intervalMs?: number;
  maxHeapBytes?: number;
}

const lateMs = 100;
const easyMs = 40;
const floor = 10;

/**
 * Follows how the process copes: fewer predictions at once while its event loop is late or memory short, more while
 * all places are taken and it keeps up. Overload then shows as waiting in the queue.
 */
export function openCapacity(options: CapacityOptions) {
  const { initial, ceiling, running, apply, intervalMs = 1000 } = options;
  const { maxHeapBytes = 1_500_000_000 } = options;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let capacity = Math.min(initial, ceiling);
  const most = Math.min(ceiling, initial * 10);
  apply(capacity);
  const timer = setInterval(() => {
    const next = nextCapacity(capacity, {
      delayMs: delay.percentile(95) / 1e6,
      rssBytes: process.memoryUsage.rss(),
      running: running(),
      most,
      maxHeapBytes,
    });
    delay.reset();
    if (next === capacity) return;
    capacity = next;
    apply(capacity);
  }, intervalMs);
  timer.unref();
  return {
    current: () => capacity,
    close(): void {
      clearInterval(timer);
      delay.disable();
    },
  };
}

export interface Load {
  delayMs: number;
  rssBytes: number;
  running: number;
  most: number;
  maxHeapBytes: number;
}

export function nextCapacity(capacity: number, load: Load): number {
  if (load.delayMs > lateMs || load.rssBytes > load.maxHeapBytes)
    return Math.max(Math.min(floor, load.most), Math.floor(capacity * 0.8));
  const full = load.running >= capacity * 0.9;
  if (full && load.delayMs < easyMs) return Math.min(load.most, Math.ceil(capacity * 1.25));
  return capacity;
}
