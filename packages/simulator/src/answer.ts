import type { ServerResponse } from "node:http";
import { type Defaults, readKnobs } from "./knobs.ts";
import type { Pace } from "./pace.ts";
import { prose } from "./prose.ts";
import type { Stats } from "./stats.ts";
import type { Ask, Tool, Wire } from "./wire/wire.ts";

export interface Player {
  stats: Stats;
  pace: Pace;
  defaults: Defaults;
}

/** Answers one question the way its knobs say. */
export function answer(wire: Wire, ask: Ask, response: ServerResponse, player: Player): void {
  const { stats, pace, defaults } = player;
  stats.requests += 1;
  const knobs = readKnobs(ask.question, defaults);
  const settle = begin(response, stats);
  if (knobs.status !== undefined) {
    settle("faults");
    sendJson(response, knobs.status, wire.error(knobs.status, `Simulated ${knobs.status}`));
    return;
  }
  if (knobs.hang) return;

  const pieces = knobs.rid === undefined ? prose(ask.question, ask.instructions) : undefined;
  const piece = (i: number) => pieces?.[i] ?? `${knobs.rid}:${i} `;
  const wantsTool = knobs.tool && ask.tool !== undefined && !ask.toolAnswered;
  const tokens = wantsTool ? 0 : (pieces?.length ?? knobs.tokens);
  const count = Math.min(tokens, knobs.cut ?? Number.POSITIVE_INFINITY);
  const reply = wire.reply(ask, stats.requests);

  if (ask.stream) {
    stats.streams += 1;
    response.writeHead(200, { "content-type": reply.contentType, "cache-control": "no-cache" });
    if (!wantsTool) response.write(reply.head);
  }
  // Without a stream the answer comes when its last token would have.
  const waitMs = ask.stream ? 0 : knobs.gapMs * Math.max(0, count - 1);
  const stop = pace.start({
    count: ask.stream ? Math.max(count, 1) : 1,
    ttftMs: knobs.ttftMs + waitMs,
    gapMs: knobs.gapMs,
    play(from, to) {
      if (!ask.stream || count === 0) return;
      let frames = "";
      for (let i = from; i < to; i += 1) frames += reply.token(piece(i));
      stats.tokens += to - from;
      response.write(frames);
    },
    end() {
      if (knobs.cut !== undefined && !wantsTool) {
        settle("faults");
        // After the tokens have left: a destroyed socket drops what it still holds.
        response.socket?.end();
        return;
      }
      settle("completed");
      if (wantsTool && ask.tool) {
        stats.toolCalls += 1;
        const input = toolInput(ask.tool);
        if (ask.stream) response.end(reply.toolCall(ask.tool, input));
        else sendJson(response, 200, reply.wholeToolCall(ask.tool, input));
      } else if (ask.stream) response.end(reply.tail(tokens));
      else {
        stats.tokens += tokens;
        const text = Array.from({ length: tokens }, (_, i) => piece(i)).join("");
        sendJson(response, 200, reply.whole(text, tokens));
      }
    },
  });
  response.once("close", stop);
}

/** Counts a request once: as what it was settled, or as aborted when the asker went away. */
function begin(response: ServerResponse, stats: Stats) {
  let open = true;
  stats.active += 1;
  stats.peakActive = Math.max(stats.peakActive, stats.active);
  const settle = (as: "completed" | "aborted" | "faults") => {
    if (!open) return;
    open = false;
    stats.active -= 1;
    stats[as] += 1;
  };
  response.once("close", () => settle("aborted"));
  return settle;
}

/** Something that fits the tool's schema; text is a sum, for the calculator. */
function toolInput(tool: Tool): Record<string, unknown> {
  const properties = Object.entries(
    (tool.schema.properties ?? {}) as Record<string, { type?: unknown }>,
  );
  if (properties.length === 0) return { input: "2*21" };
  const sample = { number: 21, integer: 21, boolean: true, array: [], object: {} };
  return Object.fromEntries(
    properties.map(([name, { type }]) => [name, sample[type as keyof typeof sample] ?? "2*21"]),
  );
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
