import type { KnowledgeServices } from "@sluice/engine/knowledge";
import { readCredential } from "../credential/credential.ts";
import type { CredentialKey } from "../credential/credential-key.ts";
import { AppError } from "../error.ts";
import type { KnowledgeDeps } from "./knowledge-deps.ts";

const maxFilling = 4;
const fillTimeoutMs = 600_000;
const askTimeoutMs = 60_000;

type Task<T> = (deps: KnowledgeDeps, signal: AbortSignal) => Promise<T>;
type Options = Pick<KnowledgeDeps, "db" | "objects"> &
  Omit<KnowledgeServices, "credential"> & { credentialKey: CredentialKey };

/** What fills and queries document stores in one process. */
export interface Knowledge {
  /** For what loads or embeds documents: a few at a time, and ten minutes at most. */
  fill<T>(task: Task<T>): Promise<T>;
  /** For what is quickly done: a minute at most. */
  ask<T>(task: Task<T>): Promise<T>;
}

export function openKnowledge({ db, objects, credentialKey, ...services }: Options): Knowledge {
  const credential = (id: string) => readCredential(db, credentialKey, id);
  const deps = { db, objects, services: { ...services, credential } };
  let filling = 0;

  async function within<T>(timeoutMs: number, task: Task<T>): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs);
    return task(deps, signal).catch((cause: unknown) => {
      throw asAppError(cause, signal, timeoutMs);
    });
  }

  return {
    async fill(task) {
      if (filling >= maxFilling)
        throw new AppError(
          "unavailable",
          `${maxFilling} document stores are being filled here already; try again later`,
        );
      filling++;
      return within(fillTimeoutMs, task).finally(() => filling--);
    },
    ask: (task) => within(askTimeoutMs, task),
  };
}

/** What a provider or a vector store says is for the caller to read. */
function asAppError(cause: unknown, signal: AbortSignal, timeoutMs: number): unknown {
  if (cause instanceof AppError) return cause;
  if (signal.aborted)
    return new AppError("timeout", `Not done within ${timeoutMs / 1000} s`, { cause });
  return new AppError("failed", cause instanceof Error ? cause.message : String(cause), { cause });
}
