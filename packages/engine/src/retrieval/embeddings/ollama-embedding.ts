import { z } from "zod";
import { baseUrl, credentialField, numberInput, textInput } from "../../models/model-input.ts";
import { postToProvider } from "../../models/provider-request.ts";
import { batched } from "../embed-batches.ts";
import { defineEmbeddings } from "../embeddings.ts";

const Reply = z.object({ embeddings: z.array(z.array(z.number())) });

export const ollamaEmbedding = defineEmbeddings({
  name: "ollamaEmbedding",
  create(setting) {
    const base = baseUrl(
      textInput(setting, "baseUrl"),
      setting.baseUrls.ollama,
      "http://localhost:11434",
    );
    const key = credentialField(setting, "ollamaApiKey");
    const model = textInput(setting, "modelName");
    const options = {
      num_gpu: numberInput(setting, "numGpu"),
      num_thread: numberInput(setting, "numThread"),
    };
    return batched(
      async (input, signal) => {
        const response = await postToProvider(setting.fetch, {
          url: `${base}/api/embed`,
          headers: key ? { authorization: `Bearer ${key}` } : {},
          body: { model, input, options },
          signal,
          timeoutMs: 300_000,
        });
        return Reply.parse(await response.json()).embeddings;
      },
      { batchSize: 64 },
    );
  },
});
