import { expect, test } from "vitest";
import { openEventRecord, pieces, replay } from "./event-record.ts";

const delta = (text: string) => ({ type: "text.delta", nodeId: "a", text }) as const;
function recorded() {
  const record = openEventRecord();
  record.add("1-1", { type: "flow.started" });
  record.add("1-2", delta("one "));
  record.add("1-3", delta("two "));
  record.add("1-5", delta("three "));
  record.add("1-6", { type: "flow.finished", status: "FINISHED" });
  return record.text();
}
const shown = (after?: string) =>
  replay(recorded(), null, after).map(({ id, event }) => [id, "text" in event ? event.text : ""]);

test("a record replays a text in one piece", () => {
  expect(shown()).toEqual([
    ["1-1", ""],
    ["1-5", "one two three "],
    ["1-6", ""],
  ]);
});

test("who has a part of a text gets the rest of it", () => {
  expect(shown("1-2")[0]).toEqual(["1-5", "two three "]);
  expect(shown("1-3")[0]).toEqual(["1-5", "three "]);
  expect(shown("1-5")).toEqual([["1-6", ""]]);
});

test("a record gives back the pieces in which it was told", () => {
  const record = openEventRecord();
  const told = ["a", "bc", "d"].map((text, i) => ({
    id: `1-${i + 2}`,
    event: { type: "text.delta" as const, nodeId: "n", text },
  }));
  record.add("1-1", { type: "node.started", nodeId: "n", label: "N" });
  for (const { id, event } of told) record.add(id, event);
  expect(pieces(record.text(), "[]").slice(1)).toEqual(told);
});
