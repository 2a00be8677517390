import { until } from "../client.ts";

/** An entry as our own stream gives it. */
export interface Entry {
  id: string;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare what came with what is expected
  data: any;
}

export interface Reader {
  entries: Entry[];
  /** Id of the last entry that came. */
  last(): string | undefined;
  /** Resolves when the connection has ended, in whichever way. */
  closed: Promise<void>;
  /** The end of the prediction has come. */
  complete(): boolean;
  /** The process that stops has said so. */
  toldToRejoin(): boolean;
  /** Goes on at another process after the last entry that came. */
  rejoin(url: string): Promise<void>;
  leave(): void;
}

interface Access {
  url: string;
  key: string;
}

/** Has a prediction accepted and returns its id. */
export async function accept(
  { url, key }: Access,
  flowId: string,
  more: object = {},
): Promise<string> {
  const response = await fetch(`${url}/v1/predictions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ flowId, question: "x", ...more }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (response.status !== 202) throw new Error(`Not accepted: ${response.status} ${text}`);
  return JSON.parse(text).id;
}

// biome-ignore lint/suspicious/noExplicitAny: tests compare what came with what is expected
export async function get({ url, key }: Access, id: string): Promise<any> {
  const response = await fetch(`${url}/v1/predictions/${id}`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(10_000),
  });
  return response.json();
}

// biome-ignore lint/suspicious/noExplicitAny: tests compare what came with what is expected
export async function cancel({ url, key }: Access, id: string): Promise<any> {
  const response = await fetch(`${url}/v1/predictions/${id}/cancel`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(10_000),
  });
  return response.json();
}

/** Waits until all of them have ended, and returns their states. */
export async function ended(access: Access, ids: string[], timeoutMs: number): Promise<string[]> {
  const states = new Map<string, string>();
  await until(
    async () => {
      for (const id of ids) {
        const { state } = await get(access, id);
        states.set(id, state);
        if (state === "queued" || state === "running") return false;
      }
      return true;
    },
    timeoutMs,
    () => JSON.stringify([...states]),
  );
  return ids.map((id) => states.get(id) ?? "");
}

/** Reads a prediction's own stream. */
export async function read({ url, key }: Access, id: string, after?: string): Promise<Reader> {
  const entries: Entry[] = [];
  const leave = new AbortController();
  let rejoinAsked = false;
  const open = async (at: string, from: string | undefined) => {
    const response = await fetch(`${at}/v1/predictions/${id}/stream`, {
      headers: { authorization: `Bearer ${key}`, ...(from && { "last-event-id": from }) },
      signal: AbortSignal.any([leave.signal, AbortSignal.timeout(90_000)]),
    });
    if (response.status !== 200) throw new Error(`No stream: ${await response.text()}`);
    return response;
  };
  const last = () => entries.at(-1)?.id ?? after;
  const consume = async (response: Response) => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body ?? []) {
      const frames = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        if (frame.includes("event: stream.rejoin")) rejoinAsked = true;
        const entry = parse(frame);
        if (entry) entries.push(entry);
      }
    }
  };
  const reader: Reader = {
    entries,
    last,
    closed: consume(await open(url, after)).catch(() => {}),
    complete: () => entries.at(-1)?.type === "prediction.ended",
    toldToRejoin: () => rejoinAsked,
    async rejoin(at) {
      reader.closed = consume(await open(at, last())).catch(() => {});
      await reader.closed;
    },
    leave: () => leave.abort(),
  };
  return reader;
}

function parse(frame: string): Entry | undefined {
  const fields = new Map(
    frame.split("\n").map((line) => {
      const at = line.indexOf(": ");
      return [line.slice(0, at), line.slice(at + 2)] as const;
    }),
  );
  const [id, type, data] = [fields.get("id"), fields.get("event"), fields.get("data")];
  if (!type || !data || type === "stream.rejoin" || type === "prediction.queued") return undefined;
  return { id: id ?? "", type, data: JSON.parse(data) };
}

/** What each node has said to a reader that drops a node's half when the node begins again. */
export function textByNode(entries: Entry[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { type, data } of entries) {
    if (type === "flow.started") for (const node of Object.keys(texts)) delete texts[node];
    if (type === "node.restarted") delete texts[data.nodeId];
    if (type === "text.delta") texts[data.nodeId] = (texts[data.nodeId] ?? "") + data.text;
  }
  return texts;
}

/** Ids of entries that came twice or in the wrong order. */
export function misplaced(entries: Entry[]): string[] {
  const place = (id: string) => id.split("-").map(Number) as [number, number];
  return entries
    .filter(({ id }, i) => {
      const before = entries[i - 1];
      if (!before) return false;
      const [a, b] = [place(before.id), place(id)];
      return a[0] > b[0] || (a[0] === b[0] && a[1] >= b[1]);
    })
    .map(({ id }) => id);
}
