/** One resource as the program registered it. */
export interface Resource {
  urn: string;
  type: string;
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: as many shapes as there are resources
  inputs: any;
  id?: string;
  ignoreChanges: string[];
  protect?: boolean;
  retainOnDelete?: boolean;
  dependsOn: string[];
}

export interface Synth {
  stage: string;
  resources: Resource[];
  outputs: Record<string, unknown>;
  builds: { functionID: string; bytes: number }[];
}

export interface Statement {
  Action: string[];
  Resource: string[];
}

export function ensurePlatform(root: string, options?: { quiet?: boolean }): string;
export function synth(options: {
  root: string;
  stage: string;
  dev?: boolean;
  /** False: functions are not really bundled, only their handlers are looked for. */
  bundles?: boolean;
  env?: Record<string, string>;
}): Promise<Synth>;
export function find(synth: Synth, type: string, name?: string | RegExp): Resource;
export function filter(synth: Synth, type: string, name?: string | RegExp): Resource[];
export function statements(role: Resource): Statement[];
