import { readFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import {
  json,
  type Reply,
  scriptedProvider,
  sse,
} from "../packages/engine/src/models/scripted-provider.ts";
import { call } from "./client.ts";
import { openTestDatabase } from "./database.ts";
import { openSplit, store, storeCredential } from "./split.ts";

const file = new URL("../examples/flows/SQL Agent.json", import.meta.url);
const wrong = "SELECT nmae FROM tea";
const right = "SELECT name FROM tea WHERE price < 5";

/** Anthropic's answer in the asked-for structure. */
const writes = (sql_query: string): Reply => {
  const block = { type: "tool_use", id: "toolu_1", name: "extract", input: {} };
  const delta = { type: "input_json_delta", partial_json: JSON.stringify({ sql_query }) };
  return sse(
    { type: "message_start", message: { id: "msg_1", usage: { input_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 1 } },
    { type: "message_stop" },
  );
};
const decides = (output: string): Reply =>
  json({ choices: [{ message: { content: JSON.stringify({ output }) }, finish_reason: "stop" }] });
const says = (text: string): Reply =>
  sse({ candidates: [{ content: { parts: [{ text }] }, finishReason: "STOP" }] });

/** A table that the template may read. */
async function shop() {
  const database = await openTestDatabase({ migrate: false });
  onTestFinished(() => database.close());
  await database.pool.query(`
    create table tea (name text not null, price integer);
    insert into tea values ('Oolong', 4), ('Sencha', 7)`);
  return new URL(database.url);
}

/** The template as its user fills it in: where the database is, credentials, where models answer. */
async function filledIn(database: URL, provider: string, credential: string) {
  const constants: Record<string, string> = {
    HOST: `'${database.hostname}'`,
    USER: `'${database.username}'`,
    PASSWORD: `'${database.password}'`,
    DATABASE: `'${database.pathname.slice(1)}'`,
    PORT: database.port,
  };
  const graph = JSON.parse(await readFile(file, "utf8"));
  for (const { data } of graph.nodes) {
    const { inputs = {} } = data;
    for (const input of Object.keys(inputs).filter((name) => name.endsWith("ModelConfig")))
      Object.assign(inputs[input], {
        FLOWISE_CREDENTIAL_ID: credential,
        basepath: provider,
        baseUrl: provider,
        overrideEndpoint: provider,
      });
    if (data.name !== "customFunctionAgentflow") continue;
    for (const [name, value] of Object.entries(constants))
      inputs.customFunctionJavascriptFunction = inputs.customFunctionJavascriptFunction.replace(
        new RegExp(`const ${name} = .*;`),
        () => `const ${name} = ${value};`,
      );
  }
  return graph;
}

test("the SQL Agent template reads a database, mends its query twice and answers", async () => {
  const database = await shop();
  const { url, requests } = await scriptedProvider(
    writes("SELECT * FROM tea"),
    decides("SQL query contains mistakes"),
    writes(wrong),
    decides("SQL query is correct and does not contains mistakes"),
    decides("Result query contains error"),
    writes(right),
    decides("SQL query is correct and does not contains mistakes"),
    decides("Result is correct and does not contains error"),
    says("Oolong is cheap."),
  );
  const split = await openSplit({
    env: {
      TOOL_FUNCTION_EXTERNAL_DEP: "pg,typeorm",
      ANTHROPIC_BASE_URL: url,
      HTTP_SECURITY_CHECK: "true",
      HTTP_ALLOW_LIST: "127.0.0.1,localhost",
    },
  });
  onTestFinished(() => split.close());
  const id = await store(split, await filledIn(database, url, await storeCredential(split)));
  const { status, json: answer } = await call(split.url, "POST", `/prediction/${id}`, {
    body: { question: "Which teas are cheap?" },
  });
  expect([status, answer.text]).toEqual([200, "Oolong is cheap."]);
  const asked = requests.map(({ body }) => JSON.stringify(body));
  expect(asked[0]).toMatch(/CREATE TABLE tea \(.*name TEXT NOT NULL/);
  expect(asked[4]).toContain('column \\"nmae\\" does not exist');
  expect(asked[5]).toContain("Regenerate a new SQL Query");
  expect(asked[8]).toContain("Oolong");
  expect(asked[8]).not.toContain("Sencha");
}, 60_000);
