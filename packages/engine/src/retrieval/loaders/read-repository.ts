import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Services } from "../../services.ts";
import type { Document } from "../document.ts";

export interface RepositoryOptions {
  /** `https://github.com/<owner>/<repository>`, or a folder in it: `…/tree/<branch>/<folder>`. */
  link: string;
  branch: string;
  isRecursive: boolean;
  isIgnored(path: string): boolean;
  token: string;
  /** Both of an own server; GitHub's where they are empty. */
  webUrl: string;
  apiUrl: string;
  maxAtOnce: number;
  maxRetries: number;
}

type RepositoryServices = Pick<Services, "fetch" | "signal">;

const maxFiles = 2_000;
const maxFileBytes = 5_000_000;
const maxTotalBytes = 50_000_000;
const requestTimeoutMs = 60_000;
const maxTotalMs = 300_000;

const Tree = z.object({
  truncated: z.boolean().default(false),
  tree: z.array(
    z.object({ path: z.string(), type: z.string(), sha: z.string(), size: z.number().default(0) }),
  ),
});
type File = z.infer<typeof Tree>["tree"][number];

/** Reads the text files of a repository: its list in one call, then each file. */
export async function readRepository(
  { fetch, signal: given }: RepositoryServices,
  options: RepositoryOptions,
): Promise<Document[]> {
  const { branch, isRecursive, isIgnored, token, apiUrl, maxAtOnce } = options;
  const { owner, repository, folder, web } = placeOf(options);
  const signal = AbortSignal.any([given, AbortSignal.timeout(maxTotalMs)]);
  const api = `${(apiUrl || "https://api.github.com").replace(/\/+$/, "")}/repos/${owner}/${repository}`;
  const ask = (url: string, accept: string) => get({ fetch, signal }, url, accept, options);
  const ref = encodeURIComponent(branch);
  const text = await ask(`${api}/git/trees/${ref}?recursive=1`, "application/vnd.github+json");
  const { tree, truncated } = Tree.parse(JSON.parse(text.toString("utf8")));
  if (truncated) throw new Error(`${web}: the repository has too many files to be listed`);
  const isWanted = ({ path, type, size }: File) =>
    type === "blob" &&
    path.startsWith(folder) &&
    (isRecursive || !path.slice(folder.length).includes("/")) &&
    size <= maxFileBytes &&
    !isBinary.test(path) &&
    !isIgnored(path);
  const files = tree.filter(isWanted);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length > maxFiles || bytes > maxTotalBytes)
    throw new Error(
      `${web}: ${files.length} files of ${bytes} bytes are too many at once; the limits are ${maxFiles} and ${maxTotalBytes}`,
    );
  // Raw files of public repositories do not count against the few calls that GitHub grants to strangers.
  const urlOf = ({ path, sha }: File) =>
    token || apiUrl
      ? `${api}/git/blobs/${sha}`
      : `https://raw.githubusercontent.com/${owner}/${repository}/${ref}/${path.split("/").map(encodeURIComponent).join("/")}`;
  const documents: Document[] = [];
  for (let at = 0; at < files.length; at += maxAtOnce) {
    const some = files.slice(at, at + maxAtOnce);
    const contents = await Promise.all(
      some.map((file) => ask(urlOf(file), "application/vnd.github.raw+json")),
    );
    for (const [i, content] of contents.entries())
      if (!content.subarray(0, 8_000).includes(0))
        documents.push({
          pageContent: content.toString("utf8"),
          metadata: { source: some[i]!.path, repository: web, branch },
        });
  }
  return documents;
}

const isBinary =
  /\.(png|jpe?g|gif|webp|avif|ico|bmp|tiff?|pdf|docx?|xlsx?|pptx?|zip|gz|tgz|bz2|xz|7z|rar|jar|war|class|so|dll|dylib|exe|bin|o|a|wasm|woff2?|ttf|otf|eot|mp[34]|m4a|mov|avi|webm|ogg|wav|flac|sqlite|db|pyc|onnx|parquet)$/i;

function placeOf({ link, webUrl }: RepositoryOptions) {
  const base = (webUrl || "https://github.com").replace(/\/+$/, "");
  const [owner, name, kind, , ...rest] = link.startsWith(`${base}/`)
    ? link
        .slice(base.length + 1)
        .replace(/[?#].*$/, "")
        .split("/")
        .filter(Boolean)
    : [];
  const isName = (text: string | undefined): text is string => /^[\w.-]+$/.test(text ?? "");
  if (!isName(owner) || !isName(name) || (kind && kind !== "tree"))
    throw new Error(
      `${link || "An empty text"} is no repository: it looks like ${base}/owner/name`,
    );
  const repository = name.replace(/\.git$/, "");
  const folder = rest.length > 0 ? `${rest.map(decodeURIComponent).join("/")}/` : "";
  return { owner, repository, folder, web: `${base}/${owner}/${repository}` };
}

async function get(
  { fetch, signal }: RepositoryServices,
  url: string,
  accept: string,
  { token, maxRetries, link, branch }: RepositoryOptions,
): Promise<Buffer> {
  const headers = {
    accept,
    "user-agent": "sluice",
    ...(token && { authorization: `Bearer ${token}` }),
  };
  for (let attempt = 0; ; attempt++) {
    const whole = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
    const init = { headers, signal: whole, timeoutMs: requestTimeoutMs, maxBytes: maxTotalBytes };
    const response = await fetch(url, init);
    if (response.status < 300) return response.bytes();
    response.body.destroy();
    const { status, statusText } = response;
    const isPassing = status === 429 || status >= 500;
    if (!isPassing || attempt >= maxRetries)
      throw new Error(
        status === 404
          ? `${link}: there is no such repository or branch ${branch}, or the credential may not read it`
          : `${link}: GitHub answered ${status} ${statusText}`.trim(),
      );
    await sleep(500 * 2 ** attempt, undefined, { signal });
  }
}
