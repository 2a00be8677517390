import type { CredentialKey } from "../credential/credential-key.ts";
import type { ObjectStore } from "../object-store/object-store.ts";
import { openValue, sealValue } from "../object-store/sealed-value.ts";
import type { PredictionJob, PredictionRequest } from "./prediction.ts";

const about = (id: string) => `prediction:${id}`;

/** Seals a request for the queue; a large one goes to the object store and only its key travels. */
export async function sealRequest(
  key: CredentialKey,
  objects: ObjectStore,
  { id, segment }: Pick<PredictionJob, "id" | "segment">,
  request: PredictionRequest,
): Promise<PredictionJob["request"]> {
  // Each segment has its own: that of the last is dropped when it ends.
  const object = segment > 0 ? `requests/${id}-${segment}` : `requests/${id}`;
  return sealValue({ key, objects }, { about: about(id), object }, request);
}

/** Nobody needs the request any more. */
export async function dropRequest(
  objects: Pick<ObjectStore, "delete">,
  { request }: Partial<Pick<PredictionJob, "request">>,
): Promise<void> {
  // What cannot be deleted now is a file too many, not a failed prediction.
  if (request && "object" in request) await objects.delete(request.object).catch(() => {});
}

export async function openRequest(
  key: CredentialKey,
  objects: ObjectStore,
  job: Pick<PredictionJob, "id" | "request">,
): Promise<PredictionRequest> {
  return (await openValue({ key, objects }, about(job.id), job.request)) as PredictionRequest;
}
