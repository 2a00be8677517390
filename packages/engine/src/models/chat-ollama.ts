import {
  type ChatModel,
  defineChatModel,
  type ModelAnswer,
  type ModelRequest,
  type ModelSetting,
} from "../model.ts";
import { withStructured } from "./answer.ts";
import {
  baseUrl,
  credentialField,
  flagInput,
  listInput,
  numberInput,
  textInput,
} from "./model-input.ts";
import { readNdjson } from "./ndjson.ts";
import { ollamaAnswer } from "./ollama-answer.ts";
import { ollamaMessages } from "./ollama-request.ts";
import { postToProvider } from "./provider-request.ts";
import { withRetry } from "./retry.ts";

export const chatOllama = defineChatModel({
  name: "chatOllama",
  create(setting): ChatModel {
    const modelName = textInput(setting, "modelName") ?? "";
    const streaming = flagInput(setting, "streaming", true);
    return {
      component: "chatOllama",
      modelName,
      streaming,
      allowsImages: flagInput(setting, "allowImageUploads"),
      generate: (request) =>
        withRetry(request, (each) => generate(setting, modelName, streaming, each)),
    };
  },
});

async function generate(
  setting: ModelSetting,
  modelName: string,
  streaming: boolean,
  request: ModelRequest,
): Promise<ModelAnswer> {
  const { signal, schema, tools, onText, onReasoning } = request;
  const key = credentialField(setting, "ollamaApiKey");
  const base = baseUrl(
    textInput(setting, "baseUrl"),
    setting.baseUrls.ollama,
    "http://localhost:11434",
  );
  const stream = streaming && Boolean(onText || onReasoning);
  const response = await postToProvider(setting.fetch, {
    url: `${base}/api/chat`,
    headers: key ? { authorization: `Bearer ${key}` } : {},
    body: {
      model: modelName,
      messages: await ollamaMessages(request, setting.fetch),
      ...(tools?.length && {
        tools: tools.map(({ name, description, schema: parameters }) => ({
          type: "function",
          function: { name, description, parameters },
        })),
      }),
      // Small local models keep to a grammar better than they call a function.
      format: schema?.schema ?? (flagInput(setting, "jsonMode") ? "json" : undefined),
      options: ollamaOptions(setting),
      keep_alive: textInput(setting, "keepAlive") ?? "5m",
      think: flagInput(setting, "think"),
      stream,
    },
    signal,
  });
  const answer = ollamaAnswer(request);
  if (stream) await readNdjson(response, signal, answer.take);
  else answer.take(await response.json());
  return withStructured(answer.finish(), request);
}

const ollamaOptions = (setting: ModelSetting) => ({
  temperature: numberInput(setting, "temperature"),
  top_p: numberInput(setting, "topP"),
  top_k: numberInput(setting, "topK"),
  mirostat: numberInput(setting, "mirostat"),
  mirostat_eta: numberInput(setting, "mirostatEta"),
  mirostat_tau: numberInput(setting, "mirostatTau"),
  num_ctx: numberInput(setting, "numCtx"),
  num_gpu: numberInput(setting, "numGpu"),
  num_thread: numberInput(setting, "numThread"),
  repeat_last_n: numberInput(setting, "repeatLastN"),
  repeat_penalty: numberInput(setting, "repeatPenalty"),
  stop: listInput(setting, "stop"),
  tfs_z: numberInput(setting, "tfsZ"),
});
