/** What a request passes before anything is done for it: limits counted, and the state of caches checked, in one call. */
export interface Intake {
  /** Counts one request against each window. Rejects when the counter is away. */
  admit(windows: Window[]): Promise<Admission>;
  /** Tells every process that a flow, a key or a setting changed. */
  announce(change: Change): Promise<void>;
  /** Hears of changes soon after they are made; a lost message is made up by {@link Admission.epochs}. */
  onChange(listener: (change: Change) => void): void;
}

/** A fixed window that begins with its first hit. */
export interface Window {
  name: string;
  max: number;
  windowMs: number;
}

export interface WindowState {
  hits: number;
  /** Milliseconds until the window ends. */
  resetMs: number;
}

export interface Admission {
  /** Milliseconds since the epoch, by the counter's clock. */
  at: number;
  windows: WindowState[];
  epochs: Epochs;
}

export const changeKinds = ["flow", "key", "configuration"] as const;
export type ChangeKind = (typeof changeKinds)[number];
export interface Change {
  kind: ChangeKind;
  id: string;
}
/** Raised by every change of a kind. */
export type Epochs = Record<ChangeKind, number>;
