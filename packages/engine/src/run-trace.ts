import type { ChatModel, ModelAnswer } from "./model.ts";

/** Told of what a run asks of others. Absent where nobody traces. */
export interface RunTrace {
  model(
    asked: Pick<ChatModel, "component" | "modelName">,
    call: () => Promise<ModelAnswer>,
  ): Promise<ModelAnswer>;
  tool<T>(name: string, call: () => Promise<T>): Promise<T>;
}

type Traced = { trace?: RunTrace };

/** The same model, with each of its calls in a span where somebody traces. */
export function tracedModel(model: ChatModel, { trace }: Traced): ChatModel {
  if (!trace) return model;
  return {
    ...model,
    generate: (request) => trace.model(model, () => model.generate(request)),
  };
}

export const tracedTool = <T>({ trace }: Traced, name: string, call: () => Promise<T>) =>
  trace ? trace.tool(name, call) : call();
