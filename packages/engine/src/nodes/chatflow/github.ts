import ignore from "ignore";
import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { loaded, loaderInputs } from "../../chatflow/loader-inputs.ts";
import { flag, number, text } from "../../input.ts";
import { readRepository } from "../../retrieval/loaders/read-repository.ts";

const Patterns = z.preprocess((value, context) => {
  if (typeof value !== "string") return value ?? [];
  if (!value.trim()) return [];
  try {
    return JSON.parse(value) as unknown;
  } catch {
    context.addIssue({ code: "custom", message: "is not a JSON list of patterns" });
    return z.NEVER;
  }
}, z.array(z.string()));

/** The text files of a repository on GitHub. */
export const github = defineChatNode({
  name: "github",
  inputs: z.object({
    repoLink: text,
    branch: text,
    recursive: flag,
    maxConcurrency: number,
    githubBaseUrl: text,
    githubInstanceApi: text,
    ignorePath: Patterns,
    maxRetries: number,
    ...loaderInputs,
  }),
  async init(inputs, context) {
    const { services, credentialId } = context;
    const credential = credentialId ? await services.credential(credentialId) : {};
    const ignored = ignore().add(inputs.ignorePath);
    const documents = await readRepository(services, {
      link: inputs.repoLink.trim(),
      branch: inputs.branch.trim() || "main",
      isRecursive: inputs.recursive,
      isIgnored: (path) => ignored.ignores(path),
      token: credential.accessToken ?? "",
      webUrl: inputs.githubBaseUrl.trim(),
      apiUrl: inputs.githubInstanceApi.trim(),
      maxAtOnce: Math.min(Math.max(inputs.maxConcurrency ?? 2, 1), 8),
      maxRetries: Math.min(Math.max(inputs.maxRetries ?? 2, 0), 5),
    });
    return loaded(documents, inputs, context);
  },
});
