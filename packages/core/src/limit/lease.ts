import type { Places } from "../prediction/places.ts";
import type { PredictionJob } from "../prediction/prediction.ts";

export type Placed = Pick<PredictionJob, "id" | "segment" | "acceptedAt"> & { places: Places };

export const isPlaced = <T extends { places?: Places | undefined }>(
  job: T,
): job is T & { places: Places } => job.places !== undefined;

/** Messages of one conversation that may be open at once; more are refused. */
export const maxTurns = 20;

export type Entered =
  | { state: "in"; first: boolean; others: string[] }
  | { state: "full"; cap: number }
  | { state: "busy"; by: string }
  | { state: "crowded" };

export interface Renewal {
  job: Placed;
  /** `hold`: it runs here. `keep`: it is in the queue. `wait`: its turn has not come. */
  as: "hold" | "keep" | "wait";
}

/** `gone`: it has ended, or was dropped. `first`: its turn has come. */
export type LeaseState = "gone" | "held" | "first";

/** Places and turns of predictions, shared by all processes. */
export interface Leases {
  /** Takes the places, all or none. `forced`: what is promised already takes them even when there are none. */
  enter(job: Placed, forced: boolean): Promise<Entered>;
  /** Holds them for as long again. */
  renew(renewals: Renewal[]): Promise<LeaseState[]>;
  leave(job: Pick<Placed, "id" | "places">): Promise<void>;
  /** Hears whose turn has come. */
  onTurn(listener: (predictionId: string) => void): void;
  /** Lets other processes see jobs that wait here for their turn. */
  park(jobs: PredictionJob[]): Promise<void>;
  unpark(predictionId: string): Promise<void>;
  findParked(predictionId: string): Promise<PredictionJob | undefined>;
  openParked(limit: number): Promise<PredictionJob[]>;
}

export interface LeaseTiming {
  /** How often what is held is renewed. */
  pulseMs: number;
  /** How long it lasts unless it is renewed. */
  leaseMs: number;
}

export const leaseTiming = (frugal: boolean): LeaseTiming =>
  frugal ? { pulseMs: 5000, leaseMs: 20_000 } : { pulseMs: 2000, leaseMs: 8000 };

/** What is shown of a job that waits: nobody needs its request. */
export const withoutRequest = (job: PredictionJob): PredictionJob => ({
  ...job,
  request: { sealed: "" },
});
