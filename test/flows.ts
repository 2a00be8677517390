/** A node of a flow under test: a name, inputs, and which inputs take `{{references}}`. */
export interface TestNode {
  id: string;
  data: {
    id: string;
    name: string;
    label: string;
    inputs: Record<string, unknown>;
    inputParams: { name: string; acceptVariable: boolean }[];
  };
}

/** @example node("directReplyAgentflow", { directReplyMessage: "hello" }) */
export function node(name: string, inputs: Record<string, unknown> = {}, number = 0): TestNode {
  const id = `${name}_${number}`;
  const inputParams = Object.keys(inputs).map((input) => ({ name: input, acceptVariable: true }));
  return { id, data: { id, name, label: id, inputs, inputParams } };
}

export const start = (inputs: Record<string, unknown> = {}) =>
  node("startAgentflow", { startInputType: "chatInput", ...inputs });

export const reply = (text: string, number = 0) =>
  node("directReplyAgentflow", { directReplyMessage: text }, number);

/** An LLM node that asks the simulator. */
export const llm = (
  model: { url: string; credential?: string },
  inputs: Record<string, unknown> = {},
  number = 0,
) =>
  node(
    "llmAgentflow",
    {
      llmModel: "chatOpenAI",
      llmModelConfig: {
        modelName: "simulated",
        basepath: `${model.url}/v1`,
        streaming: true,
        FLOWISE_CREDENTIAL_ID: model.credential ?? "",
      },
      ...inputs,
    },
    number,
  );

/** Edges from each node to the next. */
export function chain(...nodes: TestNode[]) {
  const edges = nodes.slice(1).map((target, i) => edge(nodes[i]!, target));
  return { nodes, edges };
}

export const edge = (from: TestNode, to: TestNode) => ({
  source: from.id,
  target: to.id,
  sourceHandle: `${from.id}-output-${from.data.name}`,
  targetHandle: to.id,
});
