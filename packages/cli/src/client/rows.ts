import { z } from "zod";
import { CliError } from "../command.ts";
import type { Server } from "./server.ts";

const FlowRow = z.looseObject({ id: z.string(), name: z.string(), type: z.string().nullish() });
export type FlowRow = z.infer<typeof FlowRow>;

/** Lists come bare, or in pages as `{data, total}`. */
const list = <T>(row: z.ZodType<T>) =>
  z.union([z.array(row), z.looseObject({ data: z.array(row) }).transform(({ data }) => data)]);

export const listFlowRows = async (server: Server) =>
  list(FlowRow).parse(await server.get("/chatflows"));

export const listNamedRows = async (server: Server, resource: "tools" | "variables") =>
  list(FlowRow).parse(await server.get(`/${resource}`));

/** A flow by its id, or by a name that only one flow has. */
export async function findFlowRow(server: Server, nameOrId: string): Promise<FlowRow> {
  const rows = await listFlowRows(server);
  const byId = rows.find((row) => row.id === nameOrId);
  const named = rows.filter((row) => row.name === nameOrId);
  const [found] = byId ? [byId] : named;
  if (!byId && named.length > 1)
    throw new CliError(`${named.length} flows are named "${nameOrId}"`, {
      remedy: `Give an id: ${named.map((row) => row.id).join(", ")}`,
    });
  if (!found) throw new CliError(`there is no flow "${nameOrId}" on ${server.url}`);
  return found;
}

export const flowRow = (answer: unknown): FlowRow => FlowRow.parse(answer);

const CredentialRow = z.looseObject({
  id: z.string(),
  name: z.string(),
  credentialName: z.string(),
});
export const credentialRow = (answer: unknown) => CredentialRow.parse(answer);
export const listCredentialRows = async (server: Server) =>
  list(CredentialRow).parse(await server.get("/credentials"));
