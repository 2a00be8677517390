/** What is known of the documents that were put into a store, so that the next upsert need not repeat them. */
export interface RecordManager {
  kind: "recordManager";
  /** `incremental`: what else the same sources had goes; `full`: everything else goes. */
  cleanup: "none" | "incremental" | "full";
  /** The metadata by which `incremental` tells sources apart. */
  sourceIdKey: string;
  /** The records of one place in a vector store; makes their table where there is none. */
  open(place: string, signal: AbortSignal): Promise<Records>;
}

export interface Records {
  /** Seconds since the epoch, by the clock that stamps the records. */
  now(signal: AbortSignal): Promise<number>;
  /** Those of the keys that are known. */
  known(keys: string[], signal: AbortSignal): Promise<Set<string>>;
  /** Notes that these are there now. */
  note(entries: { key: string; source: string | null }[], signal: AbortSignal): Promise<void>;
  /** Keys last noted before a time, of some sources or of all; at most `limit`. */
  before(
    time: number,
    options: { sources?: string[]; limit: number },
    signal: AbortSignal,
  ): Promise<string[]>;
  forget(keys: string[], signal: AbortSignal): Promise<void>;
}
