/** Bytes that may wait for a reader as long as it likes. */
export const patientBytes = 4 * 1024 * 1024;
/** How long more may wait: large records come at once, and take their time on the way. */
const patienceMs = 15_000;
/** What may never wait, besides the largest write: that one was not the reader's doing. */
const maxBurstBytes = 64 * 1024 * 1024;

/** One reader's: tells of the bytes that wait before and after a write whether it is too slow to be written to any longer. */
export function openPatience(now = Date.now): (before: number, after: number) => boolean {
  let largest = 0;
  let behindSince = 0;
  return (before, after) => {
    if (after <= patientBytes) {
      behindSince = 0;
      largest = 0;
      return false;
    }
    if (before <= patientBytes) behindSince = now();
    largest = Math.max(largest, after - before);
    return after > maxBurstBytes + largest || now() - behindSince > patienceMs;
  };
}
