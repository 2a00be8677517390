/** One thing that was looked at. `remedy` is what to do, word for word where that can be said. */
export interface Finding {
  level: "ok" | "warn" | "fail";
  /** Names the check; stable, for scripts. */
  check: string;
  message: string;
  remedy?: string;
}

export const ok = (check: string, message: string): Finding => ({ level: "ok", check, message });
export const warn = (check: string, message: string, remedy: string): Finding => ({
  level: "warn",
  check,
  message,
  remedy,
});
export const fail = (check: string, message: string, remedy: string): Finding => ({
  level: "fail",
  check,
  message,
  remedy,
});

/** How many processes the deployment has at most. */
export interface Fleet {
  apis: number;
  workers: number;
  /** `REDIS_PROFILE=frugal`: longer waits between the commands of an idle worker. */
  frugal?: boolean;
}

/** A number of connections against what the server gives. A rolling deployment has twice as many for a while. */
export function budget(check: string, needed: number, given: number, remedy: string): Finding {
  const words = `${needed} connections needed (${needed * 2} while a deployment rolls), ${given} given`;
  if (needed > given) return fail(check, words, remedy);
  return needed * 2 > given ? warn(check, words, remedy) : ok(check, words);
}
