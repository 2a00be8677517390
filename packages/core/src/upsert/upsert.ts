import { randomUUID } from "node:crypto";
import type { IndexedDocuments } from "@sluice/engine/retrieval/index-documents";
import type { ErrorCode } from "../error.ts";
import {
  openValue,
  type SealedValue,
  type Seals,
  sealValue,
} from "../object-store/sealed-value.ts";

/** What a caller asks of an upsert. */
export interface UpsertRequest {
  stopNodeId?: string | undefined;
  overrideConfig?: Record<string, unknown> | undefined;
}

/** What travels through the queue: the request, sealed, and of the flow only its id and version. */
export interface UpsertJob {
  id: string;
  flowId: string;
  flowVersion: number;
  chatId: string;
  /** Past this it is given up, wherever it has got to. */
  deadlineAt: number;
  request: SealedValue;
}

/** How an upsert ended, for its caller. */
export type UpsertEnd =
  | { result: IndexedDocuments }
  | { error: { code: ErrorCode; message: string } };

/** Where upserts are executed: by workers in queue mode, in this process in main mode. */
export interface Upserts {
  /**
   * Runs an upsert somewhere and resolves to its end; to undefined when there is none until its deadline. Rejects with
   * `unavailable` when it cannot be taken.
   */
  run(job: UpsertJob): Promise<UpsertEnd | undefined>;
  close(): Promise<void>;
}

/** Runs one upsert. Rejects with `HandedBack` when it was told to stop, and when it should be tried again. */
export type UpsertHandler = (job: UpsertJob, signal: AbortSignal) => Promise<UpsertEnd>;

/** Callers are answered a little later than the work is given up: by what it says of that. */
export const answerGraceMs = 15_000;

export const newUpsertId = (): string => randomUUID();

const aboutRequest = (id: string) => `upsert:${id}`;
const aboutEnd = (id: string) => `upsert-end:${id}`;

export const sealUpsertRequest = (
  seals: Seals,
  id: string,
  request: UpsertRequest,
): Promise<SealedValue> =>
  sealValue(seals, { about: aboutRequest(id), object: `upserts/${id}/request` }, request);

export const openUpsertRequest = (seals: Seals, { id, request }: UpsertJob) =>
  openValue(seals, aboutRequest(id), request) as Promise<UpsertRequest>;

/** Nobody needs the request any more. */
export async function dropUpsertRequest({ objects }: Seals, { request }: UpsertJob): Promise<void> {
  if ("object" in request) await objects.delete(request.object).catch(() => {});
}

export const sealUpsertEnd = (seals: Seals, id: string, end: UpsertEnd): Promise<SealedValue> =>
  sealValue(seals, { about: aboutEnd(id), object: `upserts/${id}/end` }, end);

/** Reads an end, once. */
export async function takeUpsertEnd(
  seals: Seals,
  id: string,
  end: SealedValue,
): Promise<UpsertEnd> {
  const opened = (await openValue(seals, aboutEnd(id), end)) as UpsertEnd;
  if ("object" in end) await seals.objects.delete(end.object).catch(() => {});
  return opened;
}
