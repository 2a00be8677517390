import type { ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { openGuardedFetch } from "../http/open-guarded-fetch.ts";
import { json, serve } from "../tools/tool-test-bench.ts";

interface Point {
  id: string;
  vector: number[];
  payload: Record<string, unknown>;
}

/** Letters counted: texts that share words lie close together. */
export function vectorOf(text: string): number[] {
  const vector = new Array<number>(26).fill(0.001);
  for (const letter of text.toLowerCase().match(/[a-z]/g) ?? [])
    vector[letter.charCodeAt(0) - 97]! += 1;
  return vector;
}

/** Embeddings of OpenAI, an index of Pinecone and collections of Qdrant, for one test. */
export async function knowledgeServer() {
  const points = new Map<string, Point>();
  const embedded: string[] = [];
  const state = { refusesEmbedding: false, collections: new Set<string>() };
  const { url, requests } = await serve(({ method, path, body }, response) => {
    const given = body ? JSON.parse(body) : {};
    if (path.endsWith("/embeddings")) {
      if (state.refusesEmbedding) return json(response, { error: { message: "no such key" } }, 401);
      embedded.push(...given.input);
      const data = given.input.map((text: string, index: number) => ({
        index,
        embedding: vectorOf(text),
      }));
      return json(response, { data });
    }
    if (path.startsWith("/indexes/")) return json(response, { host: url });
    if (path === "/vectors/upsert") {
      for (const { id, values, metadata } of given.vectors)
        points.set(id, { id, vector: values, payload: metadata });
      return json(response, {});
    }
    if (path === "/query") {
      const matches = nearest(points, given.vector, given.topK);
      return json(response, {
        matches: matches.map(({ id, payload }) => ({ id, metadata: payload })),
      });
    }
    if (path === "/vectors/delete") {
      for (const id of given.ids) points.delete(id);
      return json(response, {});
    }
    return qdrant(method, path, given, response);
  });

  function qdrant(method: string, path: string, given: Qdrant, response: ServerResponse) {
    const [, , name = "", ...rest] = path.split("?")[0]!.split("/");
    const action = rest.join("/");
    const answer = (result: unknown) => json(response, { result, status: "ok" });
    if (action === "exists") return answer({ exists: state.collections.has(name) });
    if (!action && method === "PUT") return answer(Boolean(state.collections.add(name)));
    if (!state.collections.has(name))
      return json(response, { status: { error: "Not found" } }, 404);
    if (action === "points")
      for (const point of given.points as Point[]) points.set(point.id, point);
    if (action === "points/delete") for (const id of given.points as string[]) points.delete(id);
    return answer(action === "points/search" ? nearest(points, given.vector!, given.limit!) : {});
  }

  const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: ["127.0.0.1"] });
  onTestFinished(() => fetch.close());
  return {
    url,
    requests,
    points,
    embedded,
    state,
    embedding: { name: "openAIEmbeddings", config: { basepath: url } },
    services: {
      fetch,
      credential: async () => ({ openAIApiKey: "a key", pineconeApiKey: "another" }),
      modelBaseUrls: { pinecone: url },
    },
  };
}

interface Qdrant {
  points?: unknown[];
  vector?: number[];
  limit?: number;
}

function nearest(points: Map<string, Point>, vector: number[], count: number): Point[] {
  const score = (point: Point) =>
    point.vector.reduce((sum, value, i) => sum + value * vector[i]!, 0) /
    Math.hypot(...point.vector);
  return [...points.values()].sort((a, b) => score(b) - score(a)).slice(0, count);
}
