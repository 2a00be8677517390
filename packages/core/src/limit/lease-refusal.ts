import { AppError } from "../error.ts";
import type { Places } from "../prediction/places.ts";
import { type Entered, maxTurns } from "./lease.ts";

/** Nobody knows when a run will end; this soon it is worth asking again. */
const retryAfterS = 2;

/** What a caller is told for whom there is no place. */
export function refusalOf(
  entered: Exclude<Entered, { state: "in" }>,
  { caps = [] }: Places,
): AppError {
  if (entered.state === "busy")
    return new AppError(
      "conflict",
      `An earlier message of this conversation is being answered (${entered.by}); send the next one when that has ended`,
      { retryAfterS },
    );
  if (entered.state === "crowded")
    return new AppError("limited", `${maxTurns} messages of this conversation wait already`, {
      retryAfterS,
    });
  const cap = caps[entered.cap];
  const whose = cap?.name.startsWith("key:") ? "This API key has" : "This flow has";
  return new AppError(
    "limited",
    `${whose} ${cap?.max ?? 0} predictions open, which is as many as it may; try again when one has ended`,
    { retryAfterS },
  );
}
