import type { CredentialKey } from "../credential/credential-key.ts";
import type { ObjectStore } from "../object-store/object-store.ts";
import { openValue, sealValue } from "../object-store/sealed-value.ts";
import type { PredictionJob, PredictionRequest } from "./prediction.ts";

const about = (id: string) => `prediction:${id}`;

/** Seals a request for the queue; a large one goes to the object store and only its key travels. */
export async function sealRequest(
  key: CredentialKey,
  objects: ObjectStore,
  id: string,
  request: PredictionRequest,
): Promise<PredictionJob["request"]> {
  return sealValue({ key, objects }, { about: about(id), object: `requests/${id}` }, request);
}

export async function openRequest(
  key: CredentialKey,
  objects: ObjectStore,
  job: Pick<PredictionJob, "id" | "request">,
): Promise<PredictionRequest> {
  return (await openValue({ key, objects }, about(job.id), job.request)) as PredictionRequest;
}
