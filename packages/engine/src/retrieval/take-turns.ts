const turnMs = 20;
const stepsPerLook = 500;

/** For long loops in a process that has other things to do: every step asks, and waits when the others' turn has come. */
export function takeTurns(): () => Promise<void> | undefined {
  let steps = 0;
  let since = performance.now();
  return () => {
    if (++steps % stepsPerLook !== 0 || performance.now() - since < turnMs) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        since = performance.now();
        resolve();
      }),
    );
  };
}
