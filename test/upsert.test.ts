import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { call } from "./client.ts";
import { dataUri, type Index, openIndex, pages, storeIndexed } from "./indexed-flow.ts";
import { openSplit, type Split } from "./split.ts";

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  let index: Index;
  let calm: Index["state"];
  beforeAll(async () => {
    [split, index] = await Promise.all([openSplit({ mode }), openIndex()]);
    calm = { ...index.state };
  });
  afterEach(() => {
    index.points.clear();
    Object.assign(index.state, calm);
  });
  afterAll(async () => {
    index.close();
    await split.close();
  });

  const upsert = (flow: string, body: unknown = {}, key: string | undefined = split.key) =>
    call(split.url, "POST", `/vector/upsert/${flow}`, {
      body,
      timeoutMs: 30_000,
      ...(key && { key }),
    });

  test("an upsert indexes what the flow holds, and its history says so until it is deleted", async () => {
    const flow = await storeIndexed(split, index, pages(3));
    const { status, json } = await upsert(flow);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      numAdded: 3,
      addedDocs: [{ metadata: { source: "blob" } }, {}, {}],
    });
    expect([...index.points.values()].map(({ text }) => text)).toEqual(pages(3).split("\n\n"));
    const history = () =>
      call(split.url, "GET", `/upsert-history/${flow}?order=DESC`, { key: split.key });
    const [row] = (await history()).json;
    expect(row).toMatchObject({ chatflowid: flow, result: { numAdded: 3 } });
    expect(JSON.stringify(row.flowData)).not.toContain("base64");
    const body = { ids: [row.id] };
    const gone = await call(split.url, "PATCH", "/upsert-history", { key: split.key, body });
    expect(gone.json).toEqual({ raw: [], affected: 1 });
    expect((await history()).json).toEqual([]);
  });

  test("a file in a form takes the place of the flow's, however large", async () => {
    const flow = await storeIndexed(split, index, pages(1), { fileUpload: true });
    const form = new FormData();
    // Above what travels with a job.
    form.append("files", new File([pages(4000, "leaf")], "leaves.txt", { type: "text/plain" }));
    form.append("stopNodeId", "qdrant_0");
    form.append("chatId", "c1");
    const response = await fetch(`${split.url}/api/v1/vector/upsert/${flow}`, {
      method: "POST",
      body: form,
      headers: { authorization: `Bearer ${split.key}` },
      signal: AbortSignal.timeout(30_000),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ numAdded: 4000 });
    expect(index.points.size).toBe(4000);
    const [point] = index.points.values();
    expect(point).toMatchObject({
      text: "leaf number 0 of this book.",
      metadata: { flowise_chatId: "c1" },
    });
  });

  test("files given as an override are indexed, too", async () => {
    const flow = await storeIndexed(split, index, pages(1));
    const body = { overrideConfig: { txtFile: [dataUri(pages(2, "tea"), "tea.txt")] } };
    expect((await upsert(flow, body)).json).toMatchObject({ numAdded: 2 });
  });

  test("a store that fails halfway is said, and holds nothing of it", async () => {
    const flow = await storeIndexed(split, index, pages(500));
    index.state.awayAt = 300;
    const { status, json } = await upsert(flow);
    expect(status).toBe(500);
    expect(json.message).toMatch(
      /^Error: vectorsService\.upsertVector - Qdrant: 400 .*out of disk/,
    );
    expect(index.points.size).toBe(0);
  });

  test("what could not be taken out of a store goes with the next upsert", async () => {
    const flow = await storeIndexed(split, index, pages(500));
    Object.assign(index.state, { awayAt: 300, deletes: false });
    expect((await upsert(flow)).json.message).toMatch(
      /400 chunks .* are taken out at the next upsert/,
    );
    expect(index.points.size).toBe(300);
    Object.assign(index.state, calm);
    expect((await upsert(flow)).json).toMatchObject({ numAdded: 500 });
    expect(index.points.size).toBe(500);
  });

  test("an embedding of another dimension than the collection's is refused in its words", async () => {
    const flow = await storeIndexed(split, index, pages(3));
    index.state.dimensions = 3;
    const { status, json } = await upsert(flow);
    expect(status).toBe(500);
    expect(json.message).toMatch(/expected dim: 4, got 3/);
    expect(index.points.size).toBe(0);
  });

  // Calls are tried again for some seconds, the same in both modes.
  test.runIf(mode === "main")("a store that is away is said, with its address", async () => {
    const flow = await storeIndexed(split, index, pages(3), {
      qdrantServerUrl: "http://127.0.0.1:9",
    });
    const { status, json } = await upsert(flow);
    expect(status).toBe(500);
    expect(json.message).toMatch(/127\.0\.0\.1/);
  });

  test("what a caller has to put right is told before anything is done", async () => {
    const flow = await storeIndexed(split, index, pages(3));
    const before = index.embeddings();
    expect((await upsert(flow, { stopNodeId: "pinecone_7" })).status).toBe(404);
    expect((await upsert(flow, { overrideConfig: "x" })).status).toBe(400);
    expect((await upsert("9f1b7e44-6f0c-4c53-9d4c-000000000000")).status).toBe(404);
    expect((await upsert(flow, {}, "")).status).toBe(401);
    expect(index.embeddings()).toBe(before);
  });
});
