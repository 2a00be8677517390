/**
 * What the functions of this folder share. They run inside an isolate, from their source text: each may use its
 * parameter, the globals of the language and what an earlier one put on the realm, and nothing it imports but types.
 */
export interface Realm {
  /** Calls the host and waits. Throws an error of this realm when the host could not do it. */
  ask(operation: string, ...args: unknown[]): unknown;
  /** Tells the host something about the current run; never waits. */
  post(kind: string, id: number, text: string): void;
  /** Ends the current run with an outcome; later calls do nothing. */
  finish(outcome: string, runId?: number): void;
  /** The names an operator allowed beyond the usual ones. */
  extraModules: string[];
  memoryLimitMb: number;
  maxValueLength: number;
  modules: Record<string, unknown>;
  /** Objects that code can reach through neither globals nor modules, only through values it is given. */
  hidden: object[];
  /** Timers and requests of the current run that the host will answer. */
  pending: Map<number, Pending>;
  /** Registers something the host answers, and returns its id. */
  expect(entry: Pending): number;
  bytes: RealmBytes;
  request(request: object, onId?: (id: number) => void): Promise<RealmAnswer>;
  errorText(error: unknown): string;
  /** A function that says that a member is not offered here. */
  missing(module: string, names: string[]): Record<string, () => never>;
  beginRun(runId: number): void;
}

export interface Pending {
  settle(ok: boolean, text: string): void;
}

export interface RealmBytes {
  fromUtf8(text: string): Uint8Array;
  toUtf8(bytes: Uint8Array): string;
  fromBase64(text: string): Uint8Array;
  toBase64(bytes: Uint8Array, url?: boolean): string;
  /** The bytes behind a text, a buffer or a view. */
  of(value: unknown): Uint8Array;
}

export interface RealmAnswer {
  status: number;
  statusText: string;
  headers: Record<string, string>;
  url: string;
  text?: string;
  base64?: string;
}
