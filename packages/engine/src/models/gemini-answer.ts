import {
  type ModelAnswer,
  ModelError,
  type ModelRequest,
  type ProviderCall,
  type ToolCall,
} from "../model.ts";
import { newCallId, tokenDetails, usageOf } from "./answer.ts";
import { brokenOff, streamRefusal } from "./provider-request.ts";

// Every piece of an answer is one of these, so they are read as they are: all fields may be missing.
interface Response {
  candidates?: {
    content?: { parts?: Part[] };
    finishReason?: string;
    groundingMetadata?: { webSearchQueries?: string[]; groundingChunks?: { web?: unknown }[] };
    urlContextMetadata?: { urlMetadata?: { retrievedUrl?: string; urlRetrievalStatus?: string }[] };
  }[];
  promptFeedback?: { blockReason?: string };
  usageMetadata?: WireUsage;
  modelVersion?: string;
  error?: unknown;
}
interface Part {
  text?: string;
  thought?: boolean;
  thoughtSignature?: string;
  functionCall?: { id?: string; name?: string; args?: Record<string, unknown> };
  inlineData?: { mimeType?: string; data?: string };
  executableCode?: { language?: string; code?: string };
  codeExecutionResult?: { outcome?: string; output?: string };
}
interface WireUsage {
  promptTokenCount?: number;
  toolUsePromptTokenCount?: number;
  candidatesTokenCount?: number;
  thoughtsTokenCount?: number;
  totalTokenCount?: number;
  cachedContentTokenCount?: number;
}

/** Collects one answer from the events of a stream, or from the whole. */
export function geminiAnswer({ onText, onReasoning }: ModelRequest) {
  let text = "";
  let reasoning = "";
  let usage: WireUsage | undefined;
  const toolCalls: ToolCall[] = [];
  const images: { mime: string; base64: string }[] = [];
  const signatures: Record<string, string> = {};
  const about: Record<string, unknown> = {};
  const codeRuns: ProviderCall[] = [];
  let grounding: Grounding = {};
  let answered = false;

  function addText(more: string) {
    text += more;
    if (more) onText?.(more);
  }

  function takePart(part: Part) {
    if (part.functionCall) {
      const { id, name = "", args = {} } = part.functionCall;
      const call = { id: id || newCallId(), name, args };
      toolCalls.push(call);
      if (part.thoughtSignature) signatures[call.id] = part.thoughtSignature;
    } else if (part.inlineData?.data)
      images.push({ mime: part.inlineData.mimeType ?? "image/png", base64: part.inlineData.data });
    else if (part.executableCode) {
      const { language = "", code = "" } = part.executableCode;
      addText(fenced(language.toLowerCase(), code));
      codeRuns.push({ tool: "codeExecution", toolInput: { language, code }, toolOutput: "" });
    } else if (part.codeExecutionResult) {
      const { output = "" } = part.codeExecutionResult;
      addText(fenced("", output));
      const run = codeRuns.at(-1);
      if (run) run.toolOutput = output;
    } else if (part.thought && part.text) {
      reasoning += part.text;
      onReasoning?.(part.text);
    } else if (part.text) addText(part.text);
  }

  function take(response: Response) {
    if (response.error) throw streamRefusal(response.error);
    usage = response.usageMetadata ?? usage;
    about.model_version = response.modelVersion ?? about.model_version;
    const blocked = response.promptFeedback?.blockReason;
    if (blocked) throw new ModelError(`The prompt was blocked: ${blocked}`);
    const candidate = response.candidates?.[0];
    if (!candidate) return;
    answered = true;
    for (const part of candidate.content?.parts ?? []) takePart(part);
    about.finishReason = candidate.finishReason ?? about.finishReason;
    grounding = { ...grounding, ...picked(candidate) };
    about.groundingMetadata = candidate.groundingMetadata ?? about.groundingMetadata;
    about.urlContextMetadata = candidate.urlContextMetadata ?? about.urlContextMetadata;
  }

  return {
    takeEvent(data: string): undefined {
      take(JSON.parse(data) as Response);
    },
    takeWhole(body: unknown) {
      take((body ?? {}) as Response);
    },
    finish(): ModelAnswer {
      if (!answered) throw brokenOff();
      const providerCalls = [...codeRuns, ...lookUps(grounding)];
      return {
        text,
        ...(reasoning && { reasoning }),
        toolCalls,
        ...(usage && { usage: wireUsage(usage) }),
        ...(images.length > 0 && { images }),
        ...(providerCalls.length > 0 && { providerCalls }),
        metadata: {
          model_provider: "google-genai",
          ...about,
          ...(Object.keys(signatures).length > 0 && { thought_signatures: signatures }),
        },
      };
    },
  };
}

type Grounding = Pick<
  NonNullable<Response["candidates"]>[number],
  "groundingMetadata" | "urlContextMetadata"
>;

const picked = ({ groundingMetadata, urlContextMetadata }: Grounding): Grounding => ({
  ...(groundingMetadata && { groundingMetadata }),
  ...(urlContextMetadata && { urlContextMetadata }),
});

/** What Gemini says it searched for and read. */
function lookUps({ groundingMetadata, urlContextMetadata }: Grounding): ProviderCall[] {
  const queries = groundingMetadata?.webSearchQueries ?? [];
  const chunks = groundingMetadata?.groundingChunks ?? [];
  const read = urlContextMetadata?.urlMetadata ?? [];
  return [
    ...(queries.length > 0
      ? [
          {
            tool: "googleSearch",
            toolInput: { queries },
            toolOutput: chunks.flatMap(({ web }) => web ?? []),
          },
        ]
      : []),
    ...read.map(({ retrievedUrl, urlRetrievalStatus }) => ({
      tool: "urlContext",
      toolInput: { url: retrievedUrl },
      toolOutput: urlRetrievalStatus ?? "",
    })),
  ];
}

const fenced = (language: string, code = ""): string =>
  `\n\`\`\`${language}\n${code.trimEnd()}\n\`\`\`\n`;

const wireUsage = (usage: WireUsage) =>
  usageOf(
    (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
    (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
    usage.totalTokenCount,
    {
      input: tokenDetails({ cache_read: usage.cachedContentTokenCount }),
      output: tokenDetails({ reasoning: usage.thoughtsTokenCount }),
    },
  );
