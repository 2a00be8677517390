import { readdir, readFile } from "node:fs/promises";

export type FlowName = "a" | "b" | "c" | "d" | "e";
export type Installed = Partial<Record<FlowName, { id: string } | { refused: string }>>;

const folder = new URL("flows/", import.meta.url);

/** Puts the flows on the server, their model bound to the simulator, and asks each whether it can run. */
export async function installFlows(
  server: { url: string; apiKey: string },
  modelUrl: string,
): Promise<Installed> {
  const post = openPoster(server);
  const credential = await post("/credentials", {
    name: "bench",
    credentialName: "openAIApi",
    plainDataObj: { openAIApiKey: "simulated" },
  });
  const installed: Installed = {};
  for (const file of (await readdir(folder)).toSorted()) {
    const text = await readFile(new URL(file, folder), "utf8");
    const bound = text
      .replaceAll("__MOCK__", modelUrl)
      .replaceAll("__CRED__", String(credential.body.id));
    const { name, type, flowData } = JSON.parse(bound);
    const flow = {
      name,
      type,
      deployed: false,
      isPublic: true,
      flowData: JSON.stringify(flowData),
    };
    const { body } = await post("/chatflows", flow);
    const probe = await post(`/prediction/${body.id}`, { question: "[[ttft=1 n=1 gap=1]]" });
    installed[file[0] as FlowName] =
      probe.status === 422 ? { refused: String(probe.body.message) } : { id: String(body.id) };
  }
  return installed;
}

/** Anything but success and 422 ends the benchmark. */
function openPoster({ url, apiKey }: { url: string; apiKey: string }) {
  return async (path: string, content: object) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
      body: JSON.stringify(content),
      signal: AbortSignal.timeout(20_000),
    }).catch((cause: unknown) => {
      throw new Error(`POST ${path} got no answer`, { cause });
    });
    const text = await response.text();
    if (!response.ok && response.status !== 422)
      throw new Error(`POST ${path}: ${response.status} ${text.slice(0, 200)}`);
    return { status: response.status, body: JSON.parse(text) as Record<string, unknown> };
  };
}
