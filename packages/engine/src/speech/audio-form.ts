export interface Audio {
  name: string;
  mime: string;
  bytes: Buffer;
}

/** A form with a recording in it, as bytes of known type; fields without a value are left out. */
export async function audioForm(
  { field, audio }: { field: string; audio: Audio },
  fields: Record<string, string | undefined>,
): Promise<{ body: Buffer; type: string }> {
  const form = new FormData();
  const { bytes, mime, name } = audio;
  form.set(field, new Blob([new Uint8Array(bytes)], { type: mime }), name);
  for (const [key, value] of Object.entries(fields)) if (value) form.set(key, value);
  const encoded = new Response(form);
  return {
    body: Buffer.from(await encoded.arrayBuffer()),
    type: encoded.headers.get("content-type") ?? "",
  };
}
