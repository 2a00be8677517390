import type { SharedCache } from "@sluice/engine/shared-cache";

const maxValueBytes = 64 * 1024;

/** Main mode: what one process knows. What was used longest ago is forgotten first. */
export function openMemoryCache({ maxBytes = 32 * 1024 * 1024 } = {}): SharedCache {
  const entries = new Map<string, string>();
  let bytes = 0;
  const sizeOf = (key: string, value: string) => 2 * (key.length + value.length);

  function forget(key: string): void {
    const value = entries.get(key);
    if (value === undefined) return;
    entries.delete(key);
    bytes -= sizeOf(key, value);
  }

  function keep(key: string, value: string): void {
    forget(key);
    entries.set(key, value);
    bytes += sizeOf(key, value);
    for (const oldest of entries.keys()) {
      if (bytes <= maxBytes) return;
      forget(oldest);
    }
  }

  return {
    async read(bucket, names) {
      return names.map((name) => {
        const key = `${bucket} ${name}`;
        const value = entries.get(key);
        if (value !== undefined) keep(key, value);
        return value;
      });
    },
    async write(bucket, given) {
      for (const [name, value] of given)
        if (Buffer.byteLength(value) <= maxValueBytes) keep(`${bucket} ${name}`, value);
    },
  };
}
