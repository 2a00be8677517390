import { JsonObject } from "@sluice/core/document-store/json-text";
import { AppError } from "@sluice/core/error";
import { parseInput } from "@sluice/core/parse-input";
import { documentLoaders } from "@sluice/engine/load-documents";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import type { Env } from "../deps.ts";
import { readBody } from "../read-body.ts";

const Form = z.looseObject({ overrideConfig: z.record(z.string(), z.unknown()).optional() });
const Part = z.looseObject({ name: z.string().optional(), config: JsonObject.optional() });

/** A body with its files, where it is a form, as the input of the loader that it names or that takes such files. */
function withFiles(given: unknown, named: (fields: Record<string, unknown>) => string | undefined) {
  const { overrideConfig = {}, ...fields } = parseInput(Form, given);
  const byInput = Object.entries(overrideConfig).filter(
    (entry): entry is [string, string[]] => entry[0].endsWith("File") && Array.isArray(entry[1]),
  );
  if (byInput.length === 0) return { fields };
  const inputs = byInput.map(([input]) => input);
  const loader = named(fields) || loaderOfFiles(inputs);
  const takes = Object.hasOwn(documentLoaders, loader) && documentLoaders[loader]?.files;
  if (!takes) throw new AppError("invalid", `files: the loader ${loader} takes no files`);
  return { fields, loader, files: { [takes]: byInput.flatMap(([, uris]) => uris) } };
}

function loaderOfFiles(inputs: string[]): string {
  if (inputs.length > 1)
    throw new AppError(
      "invalid",
      `files: these are for several loaders (${inputs.join(", ")}); send each kind by itself, or name one loader for all`,
    );
  const [found] =
    Object.entries(documentLoaders).find(([, { files }]) => files === inputs[0]) ?? [];
  if (!found) throw new AppError("invalid", `files: no loader here reads a ${inputs[0]}`);
  return found;
}

/** The body of an upsert. */
export function upsertInput(given: unknown): unknown {
  const part = ({ loader }: Record<string, unknown>) =>
    parseInput(Part, parseInput(JsonObject, loader ?? {}) ?? {});
  const { fields, loader, files } = withFiles(given, (all) => part(all).name);
  if (!files) return fields;
  return { ...fields, loader: { name: loader, config: { ...part(fields).config, ...files } } };
}

/** Lets a form stand for the JSON of the loader calls. */
export const formAsLoaderInput = createMiddleware<Env>(async (c, next) => {
  const isForm = c.req.header("content-type")?.toLowerCase().startsWith("multipart/form-data");
  if (isForm) {
    // The routes of this resource are bounded already.
    const given = await readBody(c, Number.POSITIVE_INFINITY);
    const { fields, loader, files } = withFiles(given, ({ loaderId }) => String(loaderId ?? ""));
    const config = parseInput(JsonObject.optional(), fields.loaderConfig) ?? {};
    const input = files
      ? { ...fields, loaderId: loader, loaderConfig: { ...config, ...files } }
      : fields;
    const { url, method } = c.req.raw;
    const headers = new Headers(c.req.raw.headers);
    headers.set("content-type", "application/json");
    headers.delete("content-length");
    c.req.raw = new Request(url, { method, headers, body: JSON.stringify(input) });
    c.req.bodyCache = {};
  }
  await next();
});
