/** What arrived of the numbered tokens `rid:0 rid:1 …` that the simulator was asked for. */
export interface TokenCheck {
  tokens: number;
  lost: number;
  doubled: number;
  outOfOrder: number;
  /** Tokens of another request: an answer that reached the wrong caller. */
  foreign: number;
}

export const noTokens = (): TokenCheck => ({
  tokens: 0,
  lost: 0,
  doubled: 0,
  outOfOrder: 0,
  foreign: 0,
});

export function checkTokens(text: string, rid: string, expected: number): TokenCheck {
  const check = noTokens();
  const seen = new Set<number>();
  let last = -1;
  for (const [, owner, digits] of text.matchAll(/([\w-]+):(\d+) /g)) {
    if (owner !== rid) {
      check.foreign += 1;
      continue;
    }
    const number = Number(digits);
    check.tokens += 1;
    if (seen.has(number)) check.doubled += 1;
    else if (number < last) check.outOfOrder += 1;
    seen.add(number);
    last = Math.max(last, number);
  }
  check.lost = Math.max(0, expected - seen.size);
  return check;
}

export const isWhole = ({ lost, doubled, outOfOrder, foreign }: TokenCheck) =>
  lost + doubled + outOfOrder + foreign === 0;
