import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { drawChatflow, instance } from "../packages/engine/src/chatflow/chatflow-test-bench.ts";
import { type Split, store } from "./split.ts";

export const dataUri = (text: string, name = "facts.txt"): string =>
  `data:text/plain;base64,${Buffer.from(text).toString("base64")},filename:${name}`;

/** A text that is cut into so many pieces. */
export const pages = (count: number, word = "page"): string =>
  Array.from({ length: count }, (_, i) => `${word} number ${i} of this book.`).join("\n\n");

/** An embedding and a collection of Qdrant over real HTTP, with the faults that a test asks for. */
export async function openIndex() {
  const points = new Map<string, { text: string; metadata: Record<string, unknown> }>();
  const state = {
    /** Vectors of the embedding, and of the collection. */
    dimensions: 4,
    size: 4,
    /** The store answers no more once it holds so many. */
    awayAt: Number.POSITIVE_INFINITY,
    /** Deletions fail, too. */
    deletes: true,
    embedMs: 0,
  };
  let embedding = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    if (request.url?.endsWith("/embeddings")) {
      embedding++;
      await new Promise((resolve) => setTimeout(resolve, state.embedMs));
      const data = body.input.map((_: string, index: number) => ({
        index,
        embedding: Array(state.dimensions).fill(0.5),
      }));
      return json(response, { data });
    }
    return qdrant(request, body, response);
  });

  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
  function qdrant({ url = "", method }: IncomingMessage, body: any, response: ServerResponse) {
    const answer = (result: unknown) => json(response, { result });
    if (url.endsWith("/exists")) return answer({ exists: true });
    if (url.includes("/points/delete")) {
      if (!state.deletes) return json(response, { status: { error: "read only" } }, 400);
      for (const id of body.points) points.delete(id);
      return answer({});
    }
    if (method !== "PUT") return json(response, { status: { error: "not found" } }, 404);
    if (points.size >= state.awayAt)
      return json(response, { status: { error: "out of disk" } }, 400);
    const wrong = body.points.find(
      ({ vector }: { vector: number[] }) => vector.length !== state.size,
    );
    if (wrong)
      return json(
        response,
        { status: { error: `expected dim: ${state.size}, got ${wrong.vector.length}` } },
        400,
      );
    for (const { id, payload } of body.points)
      points.set(id, { text: payload.content, metadata: payload.metadata });
    return answer({});
  }

  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    points,
    state,
    embeddings: () => embedding,
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}
export type Index = Awaited<ReturnType<typeof openIndex>>;

const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

/** Stores a chatflow that indexes a text file. Its files may be given with a request. */
export function storeIndexed(
  split: Pick<Split, "url" | "key">,
  index: Pick<Index, "url">,
  text: string,
  inputs: Record<string, unknown> = {},
): Promise<string> {
  const graph = drawChatflow({
    recursiveCharacterTextSplitter_0: { inputs: { chunkSize: "40", chunkOverlap: "0" } },
    textFile_0: {
      category: "Document Loaders",
      label: "Text File",
      output: "document",
      inputs: {
        txtFile: dataUri(text),
        textSplitter: instance("recursiveCharacterTextSplitter_0"),
      },
    },
    openAIEmbeddings_0: { inputs: { basepath: index.url, batchSize: "200" } },
    qdrant_0: {
      category: "Vector Stores",
      inputs: {
        document: [instance("textFile_0")],
        embeddings: instance("openAIEmbeddings_0"),
        qdrantServerUrl: index.url,
        qdrantCollection: "books",
        ...inputs,
      },
    },
  });
  const overrideConfig = {
    status: true,
    nodes: { "Text File": [{ name: "txtFile", enabled: true }] },
  };
  return store(split, graph, { type: "CHATFLOW", apiConfig: JSON.stringify({ overrideConfig }) });
}
