import { readBlocks } from "../client/read-blocks.ts";

/** An event of either dialect. `id` grows with every entry of the prediction's log; Flowise's frames of one entry share it. */
export interface Frame {
  id: string;
  type: string;
  data: unknown;
}

/** Reads Flowise's stream or our own, whatever comes until the connection ends. */
export async function* readFrames(response: Response): AsyncGenerator<Frame> {
  if (!response.body) return;
  for await (const block of readBlocks(response.body)) {
    const frame = parse(block);
    if (frame) yield frame;
  }
}

function parse(block: string): Frame | undefined {
  const fields = new Map(
    block.split("\n").map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trim()] as const;
    }),
  );
  const data = fields.get("data");
  if (!data) return undefined;
  const id = fields.get("id") ?? "";
  const type = fields.get("event");
  if (type) return { id, type, data: JSON.parse(data) };
  const inner = JSON.parse(data) as { event?: unknown; data?: unknown };
  return { id, type: String(inner.event), data: inner.data };
}

/** Tells events that came twice: ids are `<attempt>-<number>` and never go back. */
export function openOrder({ shared }: { shared: boolean }) {
  let last: [number, number] = [0, 0];
  let doubled = 0;
  return {
    see(id: string): void {
      const [attempt = 0, number = 0] = id.split("-").map(Number);
      if (!id) return;
      const behind = attempt < last[0] || (attempt === last[0] && number < last[1]);
      const same = attempt === last[0] && number === last[1];
      if (behind || (same && !shared)) doubled++;
      else last = [attempt, number];
    },
    doubled: () => doubled,
  };
}
