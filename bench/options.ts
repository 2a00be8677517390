import { parseArgs } from "node:util";

export interface Options {
  quick: boolean;
  bundled: boolean;
  rounds: number;
  only: Set<string> | undefined;
  json: string | undefined;
  profile: string | undefined;
}

export const usage = `npm run bench -- [--quick] [--bundled] [--only c,b,idle] [--rounds N] [--json FILE] [--profile FOLDER]

  --quick           the most telling cases only, about a minute
  --bundled         load the bundles instead of the sources (idle figures are always taken of both)
  --only c,b        flows a to e, "idle", "retrieval", "growth"; the hop goes with c, the simulator alone with b
  --rounds N        all cases N times in turn; the table shows medians (1)
  --json FILE       a line for each case and round is added to FILE
  --profile FOLDER  CPU profiles of API and worker; their costliest functions are listed at the end`;

export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      bundled: { type: "boolean", default: false },
      rounds: { type: "string", default: "1" },
      only: { type: "string" },
      json: { type: "string" },
      profile: { type: "string" },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 20)
    throw new Error(`--rounds ${values.rounds}: a number from 1 to 20 is expected`);
  return {
    quick: values.quick,
    bundled: values.bundled,
    rounds,
    only: values.only === undefined ? undefined : new Set(values.only.split(",")),
    json: values.json,
    profile: values.profile,
  };
}
