import { fileTextKey, safeName, storeUpload } from "@sluice/core/object-store/upload";
import type { PredictionRequest } from "@sluice/core/prediction/prediction";
import type { Deps } from "./deps.ts";

const stored = new Set(["file", "file:rag", "audio"]);

/**
 * Moves uploaded files into the object store, so that only their names travel. Texts of whole files stay, and are kept
 * for the questions after this one.
 */
export async function storeUploads(
  { objects }: Pick<Deps, "objects">,
  place: { flowId: string; chatId: string },
  request: PredictionRequest,
): Promise<PredictionRequest> {
  if (!request.uploads?.length) return request;
  const uploads = await Promise.all(
    request.uploads.map(async (upload) => {
      if (upload.type === "file:full") {
        const key = fileTextKey(place.flowId, place.chatId, upload.name);
        if (upload.data) await objects.put(key, Buffer.from(upload.data));
        return { ...upload, type: "stored-file:full" };
      }
      if (!stored.has(upload.type) || !upload.data) return upload;
      await storeUpload(objects, place, { name: upload.name, data: upload.data });
      const { data, ...rest } = upload;
      return { ...rest, name: safeName(upload.name), type: "stored-file" };
    }),
  );
  return { ...request, uploads };
}
