import type { ModelAnswer, ModelRequest, ProviderCall } from "../model.ts";
import { parseArguments, tokenDetails, usageOf } from "./answer.ts";
import { brokenOff, streamRefusal } from "./provider-request.ts";

export interface CitedFile {
  containerId: string;
  fileId: string;
  name: string;
}

// Every token brings an event, so they are read as they are and not parsed by zod: all fields may be missing.
interface Event {
  type?: string;
  delta?: string;
  response?: Response;
  message?: string;
  code?: string;
}
interface Response {
  id?: string;
  model?: string;
  status?: string;
  error?: unknown;
  incomplete_details?: unknown;
  output?: Item[];
  usage?: WireUsage;
}
interface Item {
  type?: string;
  status?: string;
  content?: { type?: string; text?: string; refusal?: string; annotations?: Annotation[] }[];
  summary?: { text?: string }[];
  call_id?: string;
  name?: string;
  arguments?: string;
  action?: unknown;
  code?: string;
  outputs?: { type?: string; logs?: string }[] | null;
  result?: string | null;
  output_format?: string;
}
interface Annotation {
  type?: string;
  container_id?: string;
  file_id?: string;
  filename?: string;
}
interface WireUsage {
  input_tokens?: number;
  output_tokens?: number;
  total_tokens?: number;
  input_tokens_details?: { cached_tokens?: number } | null;
  output_tokens_details?: { reasoning_tokens?: number } | null;
}

/** Collects one answer of the Responses API: pieces as they come, all else from the whole at the end. */
export function responsesAnswer({ onText, onReasoning }: ModelRequest) {
  let whole: Response | undefined;

  function end(response: Response = {}) {
    if (response.status === "failed" || response.error)
      throw streamRefusal(response.error ?? "The provider could not answer");
    whole = response;
  }

  return {
    /** The data of one server-sent event; true after the last. */
    takeEvent(data: string): boolean {
      const event = JSON.parse(data) as Event;
      const { type, delta } = event;
      if (type === "response.output_text.delta" || type === "response.refusal.delta") {
        if (delta) onText?.(delta);
      } else if (type === "response.reasoning_summary_text.delta") {
        if (delta) onReasoning?.(delta);
      } else if (type === "error") throw streamRefusal(event);
      else if (/^response\.(completed|incomplete|failed)$/.test(type ?? "")) end(event.response);
      return whole !== undefined;
    },
    takeWhole(body: unknown) {
      end((body ?? {}) as Response);
    },
    finish(): ModelAnswer & { cited: CitedFile[] } {
      if (!whole) throw brokenOff();
      const { id, model, status, incomplete_details, output = [], usage } = whole;
      const reasoning = output.flatMap(({ summary = [] }) => summary.map(({ text }) => text ?? ""));
      const parts = output.flatMap(({ content = [] }) => content);
      const calls = output.filter(({ type }) => type === "function_call");
      const images = output.flatMap(imageOf);
      const providerCalls = output.flatMap(providerCall);
      return {
        text: parts.map(({ text, refusal }) => text ?? refusal ?? "").join(""),
        ...(reasoning.length > 0 && { reasoning: reasoning.join("\n") }),
        toolCalls: calls.map(({ call_id, name, arguments: args }) => ({
          id: String(call_id),
          name: String(name),
          args: parseArguments(args ?? ""),
        })),
        ...(usage && { usage: wireUsage(usage) }),
        ...(images.length > 0 && { images }),
        ...(providerCalls.length > 0 && { providerCalls }),
        metadata: {
          id,
          model_provider: "openai",
          model_name: model,
          status,
          ...(incomplete_details ? { incomplete_details } : {}),
          usage,
          ...(calls.length > 0 && { output: replayable(output) }),
        },
        cited: parts.flatMap(({ annotations = [] }) => annotations.flatMap(citedFile)),
      };
    },
  };
}

const imageOf = ({ type, result, output_format = "png" }: Item) =>
  type === "image_generation_call" && result
    ? [{ mime: `image/${output_format}`, base64: result }]
    : [];

/** Calls are named for their tool; an image is an artifact and says no more here. */
function providerCall({ type = "", status, action, code, outputs }: Item): ProviderCall[] {
  if (!type.endsWith("_call") || type === "function_call" || type === "image_generation_call")
    return [];
  const logs = (outputs ?? []).map((output) => output.logs ?? "").join("");
  return [
    {
      tool: type.slice(0, -"_call".length),
      toolInput: action ?? code ?? {},
      toolOutput: logs || (status ?? "completed"),
    },
  ];
}

function citedFile({ type, container_id, file_id, filename }: Annotation): CitedFile[] {
  if (type !== "container_file_citation" || !container_id || !file_id) return [];
  return [{ containerId: container_id, fileId: file_id, name: filename ?? file_id }];
}

/** Images are too large for records; the thoughts that led to one may not come back without it. */
const replayable = (output: Item[]): Item[] =>
  output.filter(
    ({ type }, at) =>
      type !== "image_generation_call" &&
      !(type === "reasoning" && output[at + 1]?.type === "image_generation_call"),
  );

const wireUsage = (usage: WireUsage) =>
  usageOf(usage.input_tokens ?? 0, usage.output_tokens ?? 0, usage.total_tokens, {
    input: tokenDetails({ cache_read: usage.input_tokens_details?.cached_tokens }),
    output: tokenDetails({ reasoning: usage.output_tokens_details?.reasoning_tokens }),
  });
