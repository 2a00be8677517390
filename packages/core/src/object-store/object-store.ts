/** Where bytes too large for a queue or a table are kept. Keys are `/`-separated paths. */
export interface ObjectStore {
  put(key: string, bytes: Buffer): Promise<void>;
  /** Rejects with a not-found error when there is no such object. */
  get(key: string): Promise<Buffer>;
  delete(key: string): Promise<void>;
  /** Deletes every object whose key begins with these path segments. */
  deleteFolder(path: string): Promise<void>;
}
