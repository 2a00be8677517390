import type { LookupAddress } from "node:dns";
import type { Outcome } from "../protocol.ts";

/** What the runner tells a child: its one run, and the addresses it asked for. */
export type ToModuleChild =
  | {
      kind: "run";
      code: string;
      globals: string;
      undefinedNames: string[];
      settings: ChildSettings;
    }
  | { kind: "addresses"; id: number; addresses?: LookupAddress[]; message?: string };

export type FromModuleChild =
  | { kind: "lookup"; id: number; host: string }
  | { kind: "done"; outcome: Outcome };

export interface ChildSettings {
  /** Where packages are resolved from. */
  folder: string;
  packages: string[];
  builtins: string[];
  maxValueLength: number;
}
