/** What a request passes before anything is done for it: limits counted, and the state of caches checked, in one call. */
export interface Intake {
  /**
   * Counts one request against each limit, all or nothing: where one refuses, the others are not used up.
   * Rejects when the counter is away and a limit must not be passed without it.
   */
  admit(limits: Limit[]): Promise<Admission>;
  /** Tells every process that a flow, a key or a setting changed. */
  announce(change: Change): Promise<void>;
  /** Hears of changes soon after they are made; a lost message is made up by {@link Admission.epochs}. */
  onChange(listener: (change: Change) => void): void;
}

/** What becomes of a limit while the counter is away: everybody passes, nobody, or a share is counted in process. */
export const whenAway = ["open", "closed", "local"] as const;
export type WhenAway = (typeof whenAway)[number];

interface Counted {
  name: string;
  /** `closed` unless said. */
  away?: WhenAway;
}

/** A fixed window that begins with its first hit. What it refuses counts, too. */
export interface Window extends Counted {
  kind: "window";
  max: number;
  windowMs: number;
}

/** GCRA: up to `burst` at once, then one in each interval. */
export interface Rate extends Counted {
  kind: "rate";
  burst: number;
  /** Whole microseconds. */
  intervalUs: number;
}

export type Limit = Window | Rate;

export interface LimitState {
  passed: boolean;
  /** How many more would pass now. */
  remaining: number;
  /** Until all of it is free again. */
  resetMs: number;
  /** Until the next one passes; 0 for one that passed. */
  retryMs: number;
}

export interface Admission {
  /** Milliseconds since the epoch, by the counter's clock. */
  at: number;
  /** In the order of the limits asked for. */
  states: LimitState[];
  /** Undefined while the counter is away. */
  epochs: Epochs | undefined;
  /** How many processes have counted of late, where that is told. */
  replicas?: number;
}

export const changeKinds = ["flow", "key", "configuration"] as const;
export type ChangeKind = (typeof changeKinds)[number];
export interface Change {
  kind: ChangeKind;
  id: string;
}
/** Raised by every change of a kind. */
export type Epochs = Record<ChangeKind, number>;
