/**
 * Texts that every worker finds again. It forgets what it has no room for, so what is read may be gone; it never
 * fails: where it cannot be reached nothing is found and nothing is kept.
 */
export interface SharedCache {
  /** What is kept in a bucket under these names, in their order. */
  read(bucket: string, names: string[]): Promise<(string | undefined)[]>;
  write(bucket: string, entries: [name: string, value: string][]): Promise<void>;
}
