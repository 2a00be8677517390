import type { CredentialKey } from "../credential/credential-key.ts";
import { seal, unseal } from "../credential/seal.ts";
import type { ObjectStore } from "../object-store/object-store.ts";
import type { PredictionJob, PredictionRequest } from "./prediction.ts";

const maxInlineBytes = 64 * 1024;
const about = (id: string) => `prediction:${id}`;

/** Seals a request for the queue; a large one goes to the object store and only its key travels. */
export async function sealRequest(
  key: CredentialKey,
  objects: ObjectStore,
  id: string,
  request: PredictionRequest,
): Promise<PredictionJob["request"]> {
  const sealed = seal(key, JSON.stringify(request), about(id));
  if (sealed.length <= maxInlineBytes) return { sealed: sealed.toString("base64") };
  const object = `requests/${id}`;
  await objects.put(object, sealed);
  return { object };
}

export async function openRequest(
  key: CredentialKey,
  objects: ObjectStore,
  job: Pick<PredictionJob, "id" | "request">,
): Promise<PredictionRequest> {
  const sealed =
    "sealed" in job.request
      ? Buffer.from(job.request.sealed, "base64")
      : await objects.get(job.request.object);
  return JSON.parse(unseal(key, sealed, about(job.id)).toString("utf8")) as PredictionRequest;
}
