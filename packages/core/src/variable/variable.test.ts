import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import { createTool, deleteTool, listTools, readTool, updateTool } from "../tool/tool.ts";
import {
  createVariable,
  deleteVariable,
  listVariables,
  readVariables,
  updateVariable,
} from "./variable.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

test("a run sees stored values and, of runtime variables, the operator's", async () => {
  const { db } = database;
  const shop = await createVariable(db, { name: "shop", value: "lisbon" });
  await createVariable(db, { name: "REGION", value: "ignored", type: "runtime" });
  await createVariable(db, { name: "ABSENT", type: "runtime" });
  const environment: Record<string, string> = { REGION: "eu" };
  const read = () => readVariables(db, (name) => environment[name]);
  expect(await read()).toEqual({ shop: "lisbon", REGION: "eu", ABSENT: "" });
  expect(await updateVariable(db, shop.id, { value: "porto" })).toMatchObject({
    name: "shop",
    type: "static",
  });
  expect(await read()).toMatchObject({ shop: "porto" });
  expect(await deleteVariable(db, shop.id)).toBe(1);
  expect((await listVariables(db, { page: 1, limit: 1 })).total).toBe(2);
  await expect(createVariable(db, { name: "x", type: "odd" })).rejects.toThrow("type: ");
});

test("a custom tool is read as the engine runs it", async () => {
  const { db } = database;
  const rows = [{ id: 1, property: "city", type: "string", description: "", required: true }];
  const input = { name: "weather", description: "tells it", func: "return 1" };
  const tool = await createTool(db, { ...input, schema: JSON.stringify(rows), iconSrc: "" });
  expect(await readTool(db, tool.id)).toEqual({
    id: tool.id,
    name: "weather",
    description: "tells it",
    schema: rows,
    code: "return 1",
  });
  const changed = await updateTool(db, tool.id, { func: "return 2" });
  expect(changed).toMatchObject({ func: "return 2", schema: JSON.stringify(rows) });
  expect((await listTools(db)).data).toEqual([changed]);
  await expect(updateTool(db, tool.id, { schema: "{}" })).rejects.toThrow("not a JSON list");
  expect(await deleteTool(db, tool.id)).toBe(1);
  await expect(readTool(db, tool.id)).rejects.toThrow("not found");
});
