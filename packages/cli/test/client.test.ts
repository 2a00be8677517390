import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSimulator, type Simulator } from "@sluice/simulator/simulator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Launched, launch } from "../src/launcher/launch.ts";
import { openTemporaryHome } from "../src/launcher/temporary-home.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const example = (name: string) =>
  fileURLToPath(new URL(`../../../examples/flows/${name}`, import.meta.url));
let home: Awaited<ReturnType<typeof openTemporaryHome>>;
let simulator: Simulator;
let launched: Launched;

beforeAll(async () => {
  home = await openTemporaryHome("sluice-client");
  simulator = await openSimulator({ ttftMs: 1, gapMs: 1 });
  const env = {
    PATH: process.env.PATH,
    SLUICE_HOME: home.path,
    PORT: "0",
    WORKER_PORT: "0",
    HTTP_SECURITY_CHECK: "false",
    LOG_LEVEL: "warn",
  };
  launched = await launch({ env, workers: 1, note: () => {} });
}, 60_000);
afterAll(async () => {
  await launched?.stop();
  await simulator?.close();
  await home?.remove();
}, 60_000);

interface Done {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a command against the server; its key is found in SLUICE_HOME. */
function sluice(...args: string[]): Promise<Done> {
  const child = spawn(process.execPath, [main, ...args], {
    env: {
      PATH: process.env.PATH,
      SLUICE_HOME: home.path,
      SLUICE_URL: launched.report().url,
      MODEL_KEY: "from the environment",
    },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return new Promise((resolve) =>
    child.once("close", (code) => resolve({ code, out: out.trim(), err: err.trim() })),
  );
}

const node = (name: string, inputs: object, params: string[] = []) => ({
  id: `${name}_0`,
  data: {
    id: `${name}_0`,
    name,
    label: name,
    category: "Agent Flows",
    inputs,
    inputParams: params.map((param) => ({ name: param, type: "string", acceptVariable: true })),
  },
});
const reply = (message: string) => ({
  nodes: [
    node("startAgentflow", { startInputType: "chatInput" }),
    node("directReplyAgentflow", { directReplyMessage: message }, ["directReplyMessage"]),
  ],
  edges: [{ source: "startAgentflow_0", target: "directReplyAgentflow_0" }],
});
async function write(name: string, content: unknown): Promise<string> {
  const file = join(home.path, name);
  await writeFile(file, JSON.stringify(content));
  return file;
}

async function rows(resource: string): Promise<Record<string, string>[]> {
  const { url, apiKey } = launched.report();
  const response = await fetch(`${url}/api/v1/${resource}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  return JSON.parse(await response.text());
}

test("a template is checked, bound by its bind file, imported, and asked in both ways", async () => {
  const bind = join(home.path, "translator.bind.json");
  const checked = await sluice("check", example("Translator.json"), "--bind", bind);
  expect(checked).toMatchObject({ code: 0, err: "" });
  expect(checked.out).toContain("llmAgentflow_0/llmModelConfig: googleGenerativeAI");

  const at = "llmAgentflow_0/llmModelConfig";
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the bind file's own notation
  const data = { googleGenerativeAPIKey: "${MODEL_KEY}" };
  await write("translator.bind.json", {
    credentials: { [at]: { type: "googleGenerativeAI", data } },
    inputs: { [`${at}/baseUrl`]: simulator.url },
  });
  const imported = await sluice("import", example("Translator.json"), "--bind", bind);
  expect(imported).toMatchObject({ code: 0, err: "" });

  const question = "rid=t1 [[n=3]]";
  const asked = await sluice("predict", "Translator", question);
  expect(asked).toEqual({ code: 0, out: "t1:0 t1:1 t1:2", err: "" });
  const streamed = await sluice("predict", "Translator", question, "--stream");
  expect(streamed.out).toContain("t1:0 t1:1 t1:2");
  expect(streamed.out).toMatch(/✓ Start +finished in [\d.]+ ms/);
  expect(streamed.code).toBe(0);
}, 60_000);

test("an import without its credential is stored and says what is missing", async () => {
  const done = await sluice("import", example("Structured Output.json"), "--json");
  expect(JSON.parse(done.out)).toMatchObject([{ name: "Structured Output" }]);
  expect(done.err).toBe(
    "Structured Output: llmAgentflow_0/llmModelConfig has no credential (anthropicApi)",
  );
});

test("push changes the flow that has the name, and the next answer is the new one", async () => {
  await sluice("import", await write("greeter.json", reply("hello {{ question }}")));
  expect((await sluice("predict", "greeter", "you")).out).toBe("hello you");
  await write("greeter.json", reply("goodbye {{ question }}"));
  expect((await sluice("push", join(home.path, "greeter.json"))).code).toBe(0);
  expect((await sluice("predict", "greeter", "you")).out).toBe("goodbye you");
}, 30_000);

test("Export all brings tools and variables along, and flows refer to the tools as they are here", async () => {
  const toolId = "3d5a8a3e-6a4b-4c1e-9b0a-2f6f7a1f0c11";
  const flow = reply("who: {{ $vars.who }}");
  const note = node("stickyNoteAgentflow", { note: toolId });
  const file = await write("all.json", {
    AgentFlowV2: [
      {
        name: "from all",
        type: "AGENTFLOW",
        flowData: JSON.stringify({ ...flow, nodes: [...flow.nodes, note] }),
      },
    ],
    Tool: [
      { id: toolId, name: "t", description: "d", color: "#fff", schema: "[]", func: "return 1" },
    ],
    Variable: [{ id: toolId, name: "who", value: "ada", type: "static" }],
    ChatMessage: [{ id: "1" }],
  });
  const done = await sluice("import", file);
  expect(done).toMatchObject({ code: 0, err: "not imported: 1 ChatMessage" });
  expect((await sluice("predict", "from all", "x")).out).toBe("who: ada");

  const [tool] = await rows("tools");
  const stored = (await rows("chatflows")).find(({ name }) => name === "from all");
  expect(stored?.flowData).toContain(tool?.id);
}, 30_000);

test("a key is made, used and revoked", async () => {
  const made = await sluice("keys", "create", "ci", "--permissions", "chatflows:view");
  expect(made.code).toBe(0);
  expect((await sluice("predict", "nothing", "x", "--key", made.out)).err).toContain("no flow");
  expect((await sluice("keys")).out).toMatch(/ci +.*chatflows:view/);
  await sluice("keys", "revoke", "ci");
  expect(await sluice("predict", "nothing", "x", "--key", made.out)).toMatchObject({
    code: 1,
    err: expect.stringContaining("Unauthorized"),
  });
}, 30_000);

test("mistakes are told in one line, with exit code 2 for the way a command is called", async () => {
  expect(await sluice("predict")).toMatchObject({ code: 2, out: "" });
  expect(await sluice("nonsense")).toMatchObject({ code: 2, out: "" });
  expect(await sluice("keys", "--nonsense")).toMatchObject({ code: 2, out: "" });
  const gone = await sluice("predict", "x", "y", "--url", "http://127.0.0.1:1");
  expect(gone).toMatchObject({ code: 1, out: "" });
  expect(gone.err).toContain("http://127.0.0.1:1 cannot be reached");
}, 30_000);
