import { z } from "zod";
import { baseUrl, credentialField, flagInput, textInput } from "../../models/model-input.ts";
import { postToProvider } from "../../models/provider-request.ts";
import { batched } from "../embed-batches.ts";
import { defineEmbeddings } from "../embeddings.ts";

const Reply = z.object({ embeddings: z.array(z.object({ values: z.array(z.number()) })) });

export const googleGenerativeAiEmbeddings = defineEmbeddings({
  name: "googleGenerativeAiEmbeddings",
  create(setting) {
    const base = baseUrl(
      textInput(setting, "baseUrl"),
      setting.baseUrls.gemini,
      "https://generativelanguage.googleapis.com",
    );
    const name = (textInput(setting, "modelName") ?? "gemini-embedding-001").replace(
      /^models\//,
      "",
    );
    const chosen = textInput(setting, "tasktype") ?? textInput(setting, "taskType");
    return batched(
      async (texts, signal, kind) => {
        const taskType =
          chosen && chosen !== "TASK_TYPE_UNSPECIFIED"
            ? chosen
            : `RETRIEVAL_${kind === "query" ? "QUERY" : "DOCUMENT"}`;
        const response = await postToProvider(setting.fetch, {
          url: `${base}/v1beta/models/${encodeURIComponent(name)}:batchEmbedContents`,
          headers: { "x-goog-api-key": credentialField(setting, "googleGenerativeAPIKey") ?? "" },
          body: {
            requests: texts.map((text) => ({
              model: `models/${name}`,
              content: { parts: [{ text }] },
              taskType,
            })),
          },
          signal,
          timeoutMs: 120_000,
        });
        const { embeddings } = Reply.parse(await response.json());
        return embeddings.map(({ values }) => values);
      },
      { batchSize: 100, stripNewLines: flagInput(setting, "stripNewLines", true) },
    );
  },
});
