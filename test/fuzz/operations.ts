/** A JSON schema, as far as the fuzz reads one. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

interface Parameter {
  name: string;
  in: "path" | "query" | "header" | "cookie";
  required?: boolean;
  schema?: Schema;
}

/** One method on one path of the API's own description. */
export interface Operation {
  method: string;
  path: string;
  parameters: Parameter[];
  body: Schema | undefined;
  /** It takes forms with files. */
  takesForms: boolean;
}

export interface Description {
  operations: Operation[];
  /** Follows a reference. */
  resolve(schema: Schema): Schema;
}

interface Document {
  paths: Record<string, Record<string, DescribedOperation>>;
  components?: { schemas?: Record<string, Schema> };
}
interface DescribedOperation {
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
}

/** What takes files, too, is described as JSON. */
const withFiles = /prediction\/|vector\/|document-store\/(loader|upsert)/;
const methods = new Set(["get", "post", "put", "patch", "delete"]);

export async function readDescription(url: string): Promise<Description> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod)
      .filter(([method]) => methods.has(method))
      .map(([method, { parameters = [], requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        parameters,
        body: requestBody?.content?.["application/json"]?.schema,
        takesForms: "multipart/form-data" in (requestBody?.content ?? {}) || withFiles.test(path),
      })),
  );
  return {
    operations,
    resolve(schema) {
      const name = schema.$ref?.split("/").at(-1);
      return (name && document.components?.schemas?.[name]) || schema;
    },
  };
}
